const plots = [];
const dark = window.matchMedia('(prefers-color-scheme: dark)');
let printing = false;
function ink() { return dark.matches && !printing ? '#c9d1d9' : '#30363d'; }
// No line ends between a number and its percent sign.
const whole = text => text.replace(/(\d) %/g, '$1\u00a0%');
function keepTogether() {
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT,
    node => node.parentElement.closest('script, style') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  while (nodes.nextNode()) {
    const text = nodes.currentNode.nodeValue;
    if (text.includes(' %')) nodes.currentNode.nodeValue = whole(text);
  }
}
addEventListener('DOMContentLoaded', keepTogether);
// Figures stand in the page as data. It has to be whole before any is drawn: a figure takes the width of its place.
addEventListener('DOMContentLoaded', () => document.querySelectorAll('script.drawing').forEach(
  one => plot(one.dataset.figure, JSON.parse(one.textContent))));
// A long title in two lines, apart at the space nearest to its middle.
function halved(text) {
  const spaces = [...text.matchAll(/ /g)].map(found => found.index);
  if (!spaces.length) return text;
  const at = spaces.reduce((best, one) => Math.abs(one - text.length / 2) < Math.abs(best - text.length / 2) ? one : best);
  return `${text.slice(0, at)}<br>${text.slice(at + 1)}`;
}
function narrow(layout) {
  // A phone has no room for a legend beside long names nor for a wide margin.
  if (window.innerWidth < 560) {
    layout.font.size = 11; layout.margin.l = 44; layout.margin.r = 8;
    layout.legend = Object.assign({}, layout.legend, {font: {size: 10}});
    if (layout.meta && layout.meta.names) layout.height = Math.max(layout.height, 380 + 17 * layout.meta.names);
    const title = layout.xaxis && layout.xaxis.title;
    if (title && title.text && title.text.length > 30 && !title.text.includes('<br>')) title.text = halved(title.text);
  }
  return layout;
}
// Nothing leaves the machine: plotly.js would offer to upload the figure and its data.
function settings() {
  return {responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: '',
    displayModeBar: window.innerWidth < 560 ? false : 'hover',
    modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d']};
}
// Lines of a limit are black, which a dark page does not show: they take the colour of the text.
const black = {};
function plot(name, figure) {
  figure.layout.font.color = ink();
  black[name] = figure.data.flatMap((one, i) => one.line && one.line.color === '#000000' ? [i] : []);
  for (const i of black[name]) for (const part of ['line', 'marker', 'error_y'])
    if (figure.data[i][part]) figure.data[i][part].color = ink();
  Plotly.newPlot(name, figure.data, narrow(figure.layout), settings());
  plots.push(name);
}
function recolour() {
  for (const name of plots) {
    Plotly.relayout(name, {'font.color': ink()});
    if (black[name] && black[name].length) Plotly.restyle(name, {'line.color': ink(), 'marker.color': ink()}, black[name]);
  }
}
dark.addEventListener('change', recolour);
// A page that becomes narrow (a phone that is turned) halves its long titles too.
window.matchMedia('(max-width: 559px)').addEventListener('change', event => plots.forEach(name => {
  const drawn = document.getElementById(name);
  if (event.matches && drawn && drawn.layout) { const {xaxis} = narrow(drawn.layout); if (xaxis && xaxis.title) Plotly.relayout(name, {'xaxis.title.text': xaxis.title.text}); }
}));
const shut = [];
window.addEventListener('beforeprint', () => {
  printing = true; recolour();
  document.querySelectorAll('details:not([open])').forEach(one => { one.open = true; shut.push(one); });
  plots.forEach(name => Plotly.Plots.resize(name));
});
window.addEventListener('afterprint', () => {
  printing = false; recolour();
  shut.splice(0).forEach(one => { one.open = false; });
});
