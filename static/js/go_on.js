/* The form that waited while somebody proved who they are goes on by itself; without script there is its button. */
document.addEventListener('DOMContentLoaded', () => document.querySelector('form[data-go-on]')?.requestSubmit());
