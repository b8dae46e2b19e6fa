/**
 * The key under which an id token is remembered: a peer may echo the same string with other escapes (`"é"` for `"\u00e9"`), never another
 * number. Numbers and strings stay apart, and every digit counts.
 * @param token an id as the reader gives it
 */
export function idKey(token: string): string {
  return token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token
}
