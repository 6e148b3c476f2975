/** Longer than any double click. */
export const COOL_DOWN_MS = 1000;

/**
 * A function that submits, for a button: while it runs and a moment after, another click does nothing, because it would
 * pay a second time. After a failure that cost nothing the button is ready at once. It keeps its focus all the while.
 */
export function singleFlight(button, submit, failed) {
  return async () => {
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    let cooledDown = new Promise((resolve) => setTimeout(resolve, COOL_DOWN_MS));
    try {
      await submit();
    } catch (error) {
      failed(error);
      if (error.billed === "no") cooledDown = undefined;
    }
    await cooledDown;
    button.ariaDisabled = "false";
  };
}
