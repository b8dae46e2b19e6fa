import type { AcceptedCredential } from './authenticator.ts'

/** What the configured authenticators accept, put together: whatever tells a client how to authenticate comes from here. */
export type AcceptedCredentials = {
  /** "API key"; several are joined by "or". */
  readonly noun: string
  readonly requirement: string
  readonly hint: string
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string
  readonly headers: readonly string[]
}

export function acceptedCredentials(accepted: readonly AcceptedCredential[]): AcceptedCredentials {
  return {
    noun: accepted.map(({ noun }) => noun).join(' or '),
    requirement: accepted.map(({ requirement }) => requirement).join(' '),
    hint: accepted.map(({ hint }) => hint).join(', or '),
    challenge: accepted.map(({ challenge }) => challenge).join(', '),
    headers: [...new Set(accepted.flatMap(({ headers }) => headers))],
  }
}

/** The public text of an error: `{credential}` and `{requirement}` stand for what clients may show here. */
export const textFor = (text: string, { noun, requirement }: AcceptedCredentials): string =>
  text.includes('{') ? text.replaceAll('{credential}', noun).replaceAll('{requirement}', requirement) : text
