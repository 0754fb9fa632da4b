/** Whether an error is of `protocol/errors.ts`: one that names its reason. */
export function isOurError(error: Error): boolean {
  return typeof (error as { reason?: unknown }).reason === 'string'
}

/**
 * Whether an error of a library for protobuf, CBOR or the like says that the bytes are not what it reads. A mistake in
 * a program (a `TypeError`), endless recursion and arrays without bound are never that.
 */
export function isDecodingError(error: Error): boolean {
  if (error instanceof TypeError || error instanceof ReferenceError || error instanceof SyntaxError) return false
  return !/call stack|Invalid (typed )?array length|allocation failed/i.test(error.message)
}
