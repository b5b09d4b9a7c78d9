/* Passkeys: when the browser's own dialog ends without a passkey, the page says so instead of doing nothing. */
document.addEventListener('allauth.error', (e) => {
  const said = document.getElementById('passkey-error');
  if (!said) return;
  e.preventDefault();
  said.hidden = false;
});
