// Field errors: removes an error while its field is corrected, and brings the first wrong field into view.
import { countText, messages } from "../live.js";

// The service checks these fields together, so a change of one may correct the other.
const PARTNERS = { phone: "country", country: "phone" };

// Removes the errors of the field that the guest changes.
export function handleInput(event) {
  const { form, name } = event.target;
  if (!name || !form) return;
  clearError(form, name);
  if (PARTNERS[name]) clearError(form, PARTNERS[name]);
}

// Focuses what the service marked: the first wrong field, or the summary of a refusal that is about no field.
export function focusFirstProblem(main) {
  const marked = main.querySelector("[autofocus]");
  (marked ?? main).focus({ preventScroll: true });
  const block = marked?.closest(".field") ?? marked;
  block?.scrollIntoView({ block: block.matches(".field") ? "center" : "start" });
}

function clearError(form, name) {
  const error = document.getElementById(`${name}-error`);
  if (!error) return;
  const field = error.closest(".is-invalid");
  const invalid = field.matches("[aria-invalid]") ? field : field.querySelector("[aria-invalid=true]");
  error.remove();
  field.classList.remove("is-invalid");
  invalid.setAttribute("aria-invalid", "false");
  const described = (invalid.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== error.id);
  if (described.length) invalid.setAttribute("aria-describedby", described.join(" "));
  else invalid.removeAttribute("aria-describedby");
  clearSummary(form, name === "slotId" ? "hours" : name);
}

// Removes a field's line from the summary, and the summary with its last line.
function clearSummary(form, id) {
  const summary = document.getElementById("summary");
  const link = summary?.querySelector(`a[href="#${id}"]`);
  if (!link) return;
  link.closest("li")?.remove();
  const count = summary.querySelectorAll("li").length;
  if (count) summary.querySelector("h2").textContent = countText(messages(form).problems, count);
  else summary.remove();
}
