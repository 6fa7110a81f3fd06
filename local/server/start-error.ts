/** Why the server does not start, in words for the person at the terminal; shown without a stack. */
export class StartFault extends Error {
  override readonly name = "StartFault";
}
