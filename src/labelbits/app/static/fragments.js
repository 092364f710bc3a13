// Pieces of HTML that the program made from escaped templates; figures in them are data.
/* global Plotly, plot, plots, whole */

/** Show a piece in `place`; what was drawn there before is given back. */
export function put(place, html) {
  clear(place);
  const piece = new DOMParser().parseFromString(html, 'text/html');
  const nodes = [...piece.body.childNodes].map(node => document.adoptNode(node));
  place.replaceChildren(...nodes);
  const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT,
    node => node.parentElement.closest('script') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  while (texts.nextNode()) texts.currentNode.nodeValue = whole(texts.currentNode.nodeValue);
  place.querySelectorAll('script.drawing').forEach(one => {
    const inside = one.closest('details:not([open])');
    const draw = () => plot(one.dataset.figure, JSON.parse(one.textContent));
    if (inside) inside.addEventListener('toggle', draw, {once: true}); else draw();
  });
}

/** Take away figures that are drawn in `place`, so that memory does not grow. */
export function clear(place) {
  place.querySelectorAll('.js-plotly-plot').forEach(one => {
    Plotly.purge(one);
    const at = plots.indexOf(one.id);
    if (at >= 0) plots.splice(at, 1);
  });
}
