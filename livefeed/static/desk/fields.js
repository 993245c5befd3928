// The composer's fields between what is typed, what the API takes, and what has changed.

export function parted(text, separator) {
  return text.split(separator).map(part => part.trim()).filter(Boolean);
}

export function textOf(html) {
  return new DOMParser().parseFromString(html, 'text/html').body.textContent.trim();
}

// A picture's address is for showing it; the server has it.
export function sendable(fields) {
  return fields.media ? { ...fields, media: fields.media.map(({ url, ...picture }) => picture) } : fields;
}

// Resolves when none of `parts`, elements of `form` that fire `input` when they were answered, is `sending` any more.
export function settled(form, parts) {
  return new Promise(settle => {
    const look = () => {
      if (parts.some(({ sending }) => sending)) return;
      form.removeEventListener('input', look);
      settle();
    };
    form.addEventListener('input', look);
    look();
  });
}

// Only what was filled in: what is left out keeps the server's default.
export function given(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => Array.isArray(value) ? value.length : value));
}

export function changed(fields, before) {
  const changes = Object.fromEntries(Object.entries(fields).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
  if (changes.verification === '') changes.verification = null;
  if (changes.publish_local === '') {
    delete changes.publish_local;
    changes.publish_at = null;
  }
  return changes;
}
