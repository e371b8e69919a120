// The account menu of the navigation: Escape, a tap elsewhere and leaving it by the keyboard close it.
const menu = document.querySelector(".account-menu");
const close = () => menu.removeAttribute("open");

menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  close();
  menu.querySelector("summary").focus();
});
menu.addEventListener("focusout", (event) => event.relatedTarget && !menu.contains(event.relatedTarget) && close());
document.addEventListener("click", (event) => menu.contains(event.target) || close());
// A page from the back/forward cache shows the menu as it was left.
addEventListener("pageshow", (event) => event.persisted && close());
