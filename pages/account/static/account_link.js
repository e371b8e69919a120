// Links of account e-mails: fills in the token of the fragment, which no server receives. It submits nothing, because
// mail scanners run scripts as well.
const form = document.querySelector("form[data-token-form]");
const field = form.elements.token;
if (location.hash.toLowerCase().includes("token")) {
  field.value = location.hash;
  history.replaceState(null, "", location.pathname);
}
if (field.value && !field.closest(".is-invalid")) field.closest(".field").hidden = true;
