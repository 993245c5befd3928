// Breaking asks once, and shows exactly what goes out and to how many.

const dialog = document.getElementById('going-out');

// Resolves to true when the person agrees that `line` goes out as breaking.
export function agreed(line) {
  dialog.returnValue = '';
  dialog.querySelector('.line').textContent = line;
  dialog.showModal();
  count();
  return new Promise(answer => {
    dialog.addEventListener('close', () => answer(Boolean(dialog.returnValue)), { once: true });
  });
}

async function count() {
  const fields = dialog.querySelectorAll('[data-count]');
  for (const field of fields) field.textContent = '…';
  const counts = await document.querySelector('desk-audience').counts();
  for (const field of fields) field.textContent = counts?.[field.dataset.count] ?? '–';
}
