import type { Era } from '../../exchange.ts'
import type { ChildChannel } from './channel.ts'
import type { Launcher } from './launch.ts'
import type { Pool } from './pool.ts'
import type { Modern, ProbeVerdict } from './probe.ts'

/** Silence and death may have other reasons than age, so `legacy` is believed for a while only, then longer and longer. */
const FIRST_GUESS = 60_000
const LONGEST_GUESS = 60 * 60_000
/** How long an answer that comes too late for the caller is still waited for. */
const LATE = 60_000

export type EraAnswer = Era | 'busy' | 'backoff' | 'unstarted'

/** Knows the era of a server's program, and asks one process for it when a modern request comes first. */
export type Eras = {
  readonly known: Era | undefined
  /** The revisions of a modern server, if it told them. */
  readonly supported: readonly string[] | undefined
  /** The era; or why it could not be asked for. The process that answered stays in the pool if it is modern. */
  ask(owner: string): Promise<EraAnswer>
}

export function eraKeeper(host: Launcher, pool: Pool): Eras {
  const { clock, limits, log, name } = host.options
  let known: Era | undefined
  let supported: readonly string[] | undefined
  let probing: Promise<EraAnswer> | undefined
  let guesses = 0
  let late: ChildChannel | undefined
  let guessEnds = 0

  const learn = (era: Era): Era => {
    if (known !== era) log.info('stdio.era', { server: name, era })
    known = era
    return era
  }
  const learnModern = (modern: Modern): Era => {
    supported = modern.supported
    return learn('modern')
  }
  const guess = (): Era => {
    guessEnds = clock.now() + Math.min(FIRST_GUESS * 2 ** guesses, LONGEST_GUESS)
    guesses += 1
    return 'legacy'
  }

  async function probe(owner: string): Promise<EraAnswer> {
    late?.stop()
    const channel = pool.take(owner)
    if (typeof channel === 'string') return channel
    const discovered = channel.discover()
    const verdict = await Promise.race([discovered, silence()])
    if (verdict === 'silent') {
      late = channel
      void waitLonger(channel, discovered)
      return guess()
    }
    if (typeof verdict === 'object') return learnModern(verdict)
    channel.stop()
    if (verdict === 'unstarted') return 'unstarted'
    return verdict === 'died' ? guess() : learn('legacy')
  }

  /** A child that takes long to start is not a legacy child. */
  async function waitLonger(channel: ChildChannel, discovered: Promise<ProbeVerdict>): Promise<void> {
    const stop = clock.after(LATE, () => channel.stop())
    const verdict = await discovered
    stop()
    if (typeof verdict === 'object') learnModern(verdict)
    else channel.stop()
  }

  const silence = () => new Promise<'silent'>(resolve => void clock.after(limits.probeTimeout, () => resolve('silent')))

  return {
    get known() {
      return known
    },
    get supported() {
      return supported
    },
    async ask(owner) {
      if (known !== undefined) return known
      if (clock.now() < guessEnds) return 'legacy'
      probing ??= probe(owner).finally(() => {
        probing = undefined
      })
      return probing
    },
  }
}
