// Pages of a list: links to the previous and the next one.
import { button, el } from "./dom.js";
import { formatNumber, t } from "./i18n.js";

// `change` navigates to other parameters and focuses the element with an id.
export function pagination({ page, totalPages }, change, focusId = "result-count") {
  const link = (id, target) =>
    button(t(id), () => change({ page: target }, focusId), { id, disabled: target < 1 || target > totalPages });
  return el("nav", { class: "pagination", "aria-label": t("pages") }, link("previous", page - 1),
    el("span", {}, t("page", { page: formatNumber(page), pages: formatNumber(totalPages) })), link("next", page + 1));
}

// Returns the page that the address asks for; the first one for anything else.
export const pageOf = (params) => Math.max(1, Math.trunc(Number(params.get("page"))) || 1);
