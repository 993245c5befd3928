// Breaking asks once, and shows exactly what goes out.

const dialog = document.getElementById('going-out');

// Resolves to true when the person agrees that `line` goes out as breaking.
export function agreed(line) {
  dialog.returnValue = '';
  dialog.querySelector('.line').textContent = line;
  dialog.showModal();
  return new Promise(answer => {
    dialog.addEventListener('close', () => answer(Boolean(dialog.returnValue)), { once: true });
  });
}
