// Guard of typed input: asks before a view with unsaved values is left.
import { confirmAction } from "./confirmation.js";
import { t } from "./i18n.js";

let check = () => false;

// Sets how to find out whether the view has unsaved values.
export const guardInput = (hasUnsaved) => { check = hasUnsaved; };
export const isUnsaved = () => check();

// Asks whether to leave; resolves to true if the values may be dropped.
export const confirmLeaving = () =>
  confirmAction({ title: t("leaveSure"), texts: [t("leaveMeans")], yes: t("leaveYes"), no: t("leaveNo") });

addEventListener("beforeunload", (event) => check() && event.preventDefault());
