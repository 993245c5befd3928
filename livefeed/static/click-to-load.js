// <click-to-load>: another site's post behind its preview. Nobody but us is asked for anything before the click.
customElements.define('click-to-load', class extends HTMLElement {
  connectedCallback() {
    const stage = this.querySelector('.stage');
    if (stage.querySelector('button, iframe')) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = this.dataset.label;
    button.addEventListener('click', () => {
      const frame = document.createElement('iframe');
      frame.src = this.dataset.frame;
      frame.title = this.querySelector('a').textContent;
      frame.allow = 'autoplay; encrypted-media; fullscreen; picture-in-picture';
      // It runs itself and opens links; it cannot lead this page away.
      frame.sandbox = 'allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-forms';
      stage.replaceChildren(frame);
      frame.focus();
    });
    stage.append(button);
  }
});
