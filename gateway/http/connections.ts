import type { Socket } from 'node:net'
import { rangeOf } from '../config/networks.ts'
import { Connection } from './connection.ts'

/** How many connections there may be, all together and from one address. */
export type ConnectionLimits = { readonly most: number; readonly mostPerIp: number }

/** Of all connections this part, and no more than that many, is kept for those by which no caller was let in yet. */
const reservedPart = 8
const reservedMost = 64

/** How often it is looked for answers that are not taken, and at which look it is enough: after two minutes. Milliseconds. */
const sweepMilliseconds = 15_000
const looks = 8

/** Processes on this machine, or in this pod, may take any address of 127.0.0.0/8. */
const loopback = /^(?:::ffff:)?127\./

/** An address, or the network of 64 bits that one host has of IPv6. */
function sourceOf(address = ''): string {
  if (loopback.test(address)) return 'loopback'
  if (!address.includes(':')) return address
  const range = rangeOf(address.split('%', 1)[0]!)
  return range?.family === 6 ? `${range.value >> 64n}` : address
}

/**
 * All connections of a port, and who has to go when there are too many: first the oldest by which no caller was ever let in, then the oldest on which
 * nothing is open. Callers who were let in cannot take the last places, so that there is a way in for the operator and for others, no matter who holds
 * the rest; of those places, too, the oldest stranger goes first.
 */
export class Connections {
  readonly #strangers = new Set<Connection>()
  readonly #known = new Set<Connection>()
  readonly #sources = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  readonly #limits: () => ConnectionLimits
  readonly #closed: () => void

  /** `closed` is told of each connection that had to go, or was not let in. */
  constructor(limits: () => ConnectionLimits, closed: () => void) {
    this.#limits = limits
    this.#closed = closed
  }

  /** Closes connections whose last answer is not taken, whatever it is. Calls that are open have a stricter clock of their own. */
  sweep(): void {
    for (const all of [this.#strangers, this.#known])
      for (const connection of all) if (connection.isStuck(looks)) connection.destroy()
    if (this.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  get size(): number {
    return this.#strangers.size + this.#known.size
  }

  /** Takes a connection in, if there is or can be a place for it; if not it is closed. */
  add(socket: Socket): Connection | undefined {
    const source = sourceOf(socket.remoteAddress)
    const connection = new Connection(socket, source)
    if (!this.#hasPlace(source)) {
      this.#closed()
      socket.destroy()
      return undefined
    }
    this.#strangers.add(connection)
    this.#timer ??= setInterval(() => this.sweep(), sweepMilliseconds).unref()
    this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1)
    socket.once('close', () => this.#forget(connection))
    return connection
  }

  /** The caller on this connection is known now. False: there is no place for one more of them. */
  admit(connection: Connection, principal: string, operator: boolean): boolean {
    if (connection.principal === undefined) {
      if (!operator && this.#known.size >= this.#forKnown() && !this.#makePlaceFor(principal)) return false
      // Closed meanwhile.
      if (!this.#strangers.delete(connection)) return false
      this.#known.add(connection)
    }
    connection.principal = principal
    return true
  }

  #reserve(): number {
    return Math.min(reservedMost, Math.floor(this.#limits().most / reservedPart))
  }

  #forKnown(): number {
    return this.#limits().most - this.#reserve()
  }

  #hasPlace(source: string): boolean {
    const { most, mostPerIp } = this.#limits()
    const isSame = (other: Connection): boolean => other.source === source
    if ((this.#sources.get(source) ?? 0) >= mostPerIp && !this.#evict(this.#stranger(isSame) ?? this.#idle(isSame)))
      return false
    if (this.size < most) return true
    const stranger = this.#stranger()
    return this.#evict(this.#strangers.size > this.#reserve() ? stranger : (this.#idle() ?? stranger))
  }

  /** The oldest, and before it the oldest that has not asked for anything yet: a drain may be waited for. */
  #stranger(fits: (connection: Connection) => boolean = () => true): Connection | undefined {
    const silent = this.#strangers.values().find(connection => !connection.busy && fits(connection))
    return silent ?? this.#strangers.values().find(fits)
  }

  #idle(fits: (connection: Connection) => boolean = () => true): Connection | undefined {
    return this.#known.values().find(connection => !connection.busy && fits(connection))
  }

  /** Something that is idle; else the oldest of the client that has more than half of all, unless it is their own place that is asked for. */
  #makePlaceFor(principal: string): boolean {
    const idle = this.#idle()
    if (idle) return this.#evict(idle)
    const counts = new Map<string | undefined, number>()
    for (const { principal: one } of this.#known) counts.set(one, (counts.get(one) ?? 0) + 1)
    const most = [...counts].find(([one, count]) => one !== principal && count * 2 > this.#known.size)
    return most !== undefined && this.#evict(this.#known.values().find(one => one.principal === most[0]))
  }

  #evict(connection: Connection | undefined): boolean {
    if (!connection) return false
    this.#forget(connection)
    this.#closed()
    connection.destroy()
    return true
  }

  #forget(connection: Connection): void {
    if (!this.#strangers.delete(connection) && !this.#known.delete(connection)) return
    const left = this.#sources.get(connection.source)! - 1
    if (left > 0) this.#sources.set(connection.source, left)
    else this.#sources.delete(connection.source)
  }
}
