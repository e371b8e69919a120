// Links within the back office: a plain click navigates without loading the page again.
import { el } from "./dom.js";
import { navigate } from "./router.js";

export function viewLink(params, content, attributes = {}) {
  const follow = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate(params);
  };
  return el("a", { href: `?${new URLSearchParams(params)}`, onclick: follow, ...attributes }, content);
}
