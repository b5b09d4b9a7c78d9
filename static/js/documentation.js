/* The viewer of an OpenAPI file (Swagger UI, out of django-ninja), fetched only when somebody asks for it: it is heavy,
   and the list of operations on the page says the same. It sends nothing: trying a call out is switched off. */
(() => {
  const button = document.querySelector('[data-viewer]');
  if (!button) return;
  const viewer = document.getElementById(button.dataset.viewer);
  const list = document.getElementById(button.dataset.list);
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let loading = null;

  const fetched = (name, settings) => new Promise((done, failed) => {
    const part = Object.assign(document.createElement(name), settings);
    part.addEventListener('load', done);
    part.addEventListener('error', failed);
    document.head.append(part);
  });

  const draw = () => window.SwaggerUIBundle({
    url: button.dataset.file,
    domNode: viewer.appendChild(document.createElement('div')),
    presets: [window.SwaggerUIBundle.presets.apis],
    plugins: [() => ({
      wrapComponents: { authorizeBtn: () => () => null, authorizeOperationBtn: () => () => null },
    })],
    supportedSubmitMethods: [],
    validatorUrl: null,
    queryConfigEnabled: false,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
  });

  const load = () => Promise.all([
    fetched('link', { rel: 'stylesheet', href: button.dataset.style }),
    fetched('script', { src: button.dataset.script }),
  ]).then(draw);

  /* The viewer has a dark look of its own, under a class of the root. */
  const scheme = () => {
    const now = root.dataset.colorScheme;
    root.classList.toggle('dark-mode', now === 'dark' || (now === 'auto' && dark.matches));
  };

  const show = (open) => {
    viewer.hidden = !open;
    list.hidden = open;
    button.textContent = open ? button.dataset.close : button.dataset.open;
    button.setAttribute('aria-expanded', String(open));
    if (open) viewer.focus({ preventScroll: true });
  };

  const failed = () => {
    loading = null;
    show(false);
    const note = document.createElement('p');
    note.className = 'lp-toast';
    note.textContent = button.dataset.failed;
    document.getElementById('toasts').replaceChildren(note);
  };

  button.hidden = false;
  scheme();
  dark.addEventListener('change', scheme);
  new MutationObserver(scheme).observe(root, { attributes: true, attributeFilter: ['data-color-scheme'] });
  button.addEventListener('click', () => {
    const open = viewer.hidden;
    show(open);
    if (open) {
      loading ??= load();
      loading.catch(failed);
    }
  });
})();
