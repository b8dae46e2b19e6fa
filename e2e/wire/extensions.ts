import type { AuthenticationRequest, Authenticator } from '../../gateway/auth/authenticator.ts'
import {
  pass,
  type PolicyChain,
  type Charge,
  type Exchange,
  type Reservation,
  type Stage,
  type Verdict,
} from '../../gateway/exchange.ts'

/** Promises that the test keeps. */
export class Gate<T> {
  readonly #waiting: { resolve: (value: T) => void; reject: (error: Error) => void }[] = []

  /** How many wait. */
  get size(): number {
    return this.#waiting.length
  }

  wait(): Promise<T> {
    return new Promise((resolve, reject) => void this.#waiting.push({ resolve, reject }))
  }

  /** Keeps all promises that were given until now. */
  open(value: T): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(value)
  }

  break(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

/** Looks for as long as the test likes at requests that carry `x-wait`, and then leaves them to the authenticator that is asked next. */
export function waitingAuthenticator(): Authenticator & {
  readonly gate: Gate<undefined>
  readonly seen: AuthenticationRequest[]
} {
  const gate = new Gate<undefined>()
  const seen: AuthenticationRequest[] = []
  return {
    name: 'waiting',
    gate,
    seen,
    authenticate(request) {
      seen.push(request)
      return request.headers['x-wait'] === undefined ? undefined : gate.wait()
    },
    revalidate: () => undefined,
  }
}

const isCallOf = (tool: string, { message }: Pick<Exchange, 'message'>): boolean =>
  message.method === 'tools/call' && (message.params as { name?: unknown }).name === tool

/** Judges calls of the tool `wait` when the test says so. */
export function waitingStage(): Stage & { readonly gate: Gate<Verdict> } {
  const gate = new Gate<Verdict>()
  return { name: 'waiting', gate, request: x => (isCallOf('wait', x) ? gate.wait() : pass) }
}

/** A limit as issue 16 will have it: so many calls of tools, and no more. */
export class CountingCharge implements Charge {
  readonly name: string
  readonly limit: number
  /** Who was asked about which tool, in this order. */
  readonly asked: string[] = []
  taken = 0
  reserved = 0

  constructor(limit: number, name = 'limit') {
    this.limit = limit
    this.name = name
  }

  reserve({
    message,
  }: Exchange): Reservation | { readonly deny: { stage: string; code: 'Busy'; retryAfter: number } } | undefined {
    if (message.method !== 'tools/call') return undefined
    this.asked.push((message.params as { name: string }).name)
    if (this.taken + this.reserved >= this.limit) return { deny: { stage: this.name, code: 'Busy', retryAfter: 30 } }
    this.reserved += 1
    return {
      commit: () => {
        this.reserved -= 1
        this.taken += 1
      },
      release: () => {
        this.reserved -= 1
      },
    }
  }
}

/** The chain with more at the place of limits: behind the tool policy, before the guardrails. */
export const atLimits = (chain: PolicyChain, ...more: PolicyChain): PolicyChain => [
  ...chain.slice(0, 1),
  ...more,
  ...chain.slice(1),
]
