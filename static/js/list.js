/* Keys for a list: / goes to the search, j and k to the next and previous row; Enter opens it, as on any link.
   Only while the focus is in the list (WCAG 2.1.4: a click into it is enough), not while somebody types.
   The page works without this file. */
(() => {
  const typing = (node) => node.closest('input, textarea, select, [contenteditable]');
  const rows = () => [...document.querySelectorAll('[data-list] .rowlink')];

  const step = (by) => {
    const links = rows();
    const here = links.indexOf(document.activeElement);
    const to = here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by;
    links[Math.min(Math.max(to, 0), links.length - 1)]?.focus();
  };

  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || typing(e.target) || !e.target.closest('[data-list]')) return;
    if (e.key === '/') document.querySelector('[data-search]')?.focus();
    else if (e.key === 'j') step(1);
    else if (e.key === 'k') step(-1);
    else return;
    e.preventDefault();
  });
})();
