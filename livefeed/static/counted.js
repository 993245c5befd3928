// A counted message as the page has it: a digit for each number, which of the forms after it the number has. The browser's
// own rules of plurals are made for so many languages that a weak phone is at them for a while.

// undefined where there is no digit for `count`
export function counted([which, ...forms], count) {
  return forms[which[count < 200 ? count : 100 + count % 100]]?.replace('{n}', count); // the hundreds are all alike
}
