// Status of an event, and what is left of its tickets.
import { chip } from "./dom.js";
import { t } from "./i18n.js";

const KINDS = { published: "good", draft: "wait", cancelled: "ended" };

export const STATUSES = ["published", "draft", "cancelled"];
// Of a draft everything is left, although nothing of it is on sale.
export const leftOf = ({ status }, tier) => (status === "draft" ? tier.capacity - tier.taken : tier.remaining);
export const eventChip = ({ status }) => chip(t(`event.${status}`), KINDS[status]);
