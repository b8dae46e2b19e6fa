import type { Cluster } from './cluster.ts'
import type { Kubectl } from './kubectl.ts'

/** `not seen`: it cannot be looked at on this cluster. */
export type Outcome = 'ok' | 'failed' | 'not seen'

/** What was seen of one promise, or why nothing was. */
export type Row = { readonly point: string; readonly what: string; readonly outcome: Outcome; readonly seen: string }

/** Everything that a point needs. */
export type Stage = {
  readonly cluster: Cluster
  readonly kubectl: Kubectl
  /** The long figures, not the short run. */
  readonly full: boolean
  /**
   * Sees one thing: `see` answers with what is worth a cell of the table, or throws with what went wrong. The run goes on either way; answers
   * whether it came out as it should.
   */
  row(what: string, see: () => Promise<string>): Promise<boolean>
  /** Tells that something cannot be seen on this cluster, and why. */
  unseen(what: string, why: string): void
}

/** One of the points that the cluster tests promise. */
export type Point = {
  readonly id: string
  readonly title: string
  /** Part of the short run too. */
  readonly short: boolean
  /** Shown by `npm run demo:cluster`. */
  readonly demo: boolean
  run(stage: Stage): Promise<void>
}

/** Asks until the answer is one; throws with the last complaint when the time (milliseconds) is over. */
export async function eventually<T>(ask: () => Promise<T>, within = 60_000, pause = 250): Promise<T> {
  const deadline = performance.now() + within
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, pause))
    }
  }
}

/** Throws when something does not hold. */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

/** Runs something in a namespace of its own that is deleted afterwards, also when it fails. */
export async function inNamespace<T>(kubectl: Kubectl, name: string, run: () => Promise<T>): Promise<T> {
  await kubectl.run(['delete', 'namespace', name, '--ignore-not-found', '--timeout=300s'])
  await kubectl.ok(['create', 'namespace', name])
  try {
    return await run()
  } finally {
    await kubectl.run(['delete', 'namespace', name, '--wait=false'])
  }
}
