// <copy-text>: a button that copies the text of the element which its `data-from` names, and says that it did.
customElements.define('copy-text', class extends HTMLElement {
  connectedCallback() {
    if (!navigator.clipboard) return; // an address without a certificate: the text can be marked all the same
    this.hidden = false;
    this.addEventListener('click', async () => {
      await navigator.clipboard.writeText(document.getElementById(this.dataset.from).textContent);
      this.querySelector('button').textContent = this.dataset.done;
    });
  }
});
