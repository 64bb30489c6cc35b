// Trouble of something that was done from a menu or a message, which is gone by then, told as a message.

import { notify } from "./notify";
import { ProblemNotice } from "./Problem";

/** Do something; what goes wrong is told, with the next step. */
export async function tell(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (problem) {
    await notify(<ProblemNotice error={problem} />);
  }
}
