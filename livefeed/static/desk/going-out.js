// Breaking asks once, and shows exactly what goes out and to how many.

const dialog = document.getElementById('going-out');

// Resolves to true when the person agrees that `line` goes out as breaking.
//
// kind   `held` back for a while first · `now` · `later`, at the wall time `time` · `correction` of what went out
export function agreed(line, kind, time = '') {
  const { title, yes, hint } = JSON.parse(dialog.dataset.kinds)[kind];
  dialog.returnValue = '';
  dialog.querySelector('h2').textContent = title;
  dialog.querySelector('.primary').textContent = yes;
  dialog.querySelector('.hint').textContent = hint.replace('{place}', dialog.dataset.place)
    .replace('{time}', time.replaceAll('-', '.').replace('T', ' | '));
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
