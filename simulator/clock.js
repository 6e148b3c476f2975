/** The host's time, and how long here lasts what lasts so many milliseconds at the vendor: `haste` times less. */
export const clockOf = ({ haste }) => ({ now: () => Date.now(), span: (ms) => Math.round(ms / haste) });

/** How long until then, as a timer takes it: none takes more than this. */
export const timeUntil = (due) => Math.min(Math.max(due - Date.now(), 0), 2 ** 31 - 1);
