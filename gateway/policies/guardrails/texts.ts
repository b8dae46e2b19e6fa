import type { Steps } from '../../exchange.ts'
import { decodeBinary } from './binary.ts'
import type { Part, PartShape } from './channels.ts'
import { holdsApplicationData, isProtocolConstant, isProtocolName } from './vocabulary.ts'

export type Path = readonly (string | number)[]

/**
 * What a text is. Only a `value` can be redacted: another `name` could collide with its neighbour, a `fixed` value is mirrored by a header, and
 * what was `decoded` is not the text that travels.
 */
export type Form = 'value' | 'name' | 'fixed' | 'decoded'

/** `key` is the nearest member name above the text. `path` is only good during the call. */
export type VisitText = (text: string, form: Form, path: Path, key: string | undefined) => void

type Place = {
  readonly shape: PartShape
  readonly key: string | undefined
  /** Inside of what a caller or tool composed freely, where no name belongs to the protocol. */
  readonly free: boolean
  /** Whether base64 may stand here for bytes; what callers send is judged as it is spelled. */
  readonly binary: boolean
}

/** Members of a client's request that a header repeats (`Mcp-Name`, `MCP-Protocol-Version`). */
const mirrored = new Set(['name', 'uri', 'taskId', 'io.modelcontextprotocol/protocolVersion'])

/** Ids that the other side gave out. */
const identifiers = new Set(['progressToken', 'io.modelcontextprotocol/subscriptionId'])

/** Visits every text of a part: string values and member names, but what the protocol itself put there. */
export function eachText(part: Part, fromServer: boolean, visit: VisitText): void {
  nameOfPart(part, visit)
  walkOf(part, fromServer, visit).value(part.value, placeOf(part, fromServer))
}

/** Elements of a list after which others get a turn. */
const SOME = 256

/** The same with a yield now and then in the list of a long part. */
export function* eachTextInSteps(part: Part, fromServer: boolean, visit: VisitText): Steps<void> {
  const { value } = part
  if (!Array.isArray(value)) return eachText(part, fromServer, visit)
  nameOfPart(part, visit)
  const walk = walkOf(part, fromServer, visit)
  for (let from = 0; from < value.length; from += SOME) {
    walk.some(value, placeOf(part, fromServer), from, Math.min(value.length, from + SOME))
    if (from + SOME < value.length) yield
  }
}

function nameOfPart({ path }: Part, visit: VisitText): void {
  const key = path[1]
  if (key !== undefined && !isProtocolName(key)) visit(key, 'name', path, undefined)
}

const walkOf = ({ path }: Part, fromServer: boolean, visit: VisitText): Walk =>
  new Walk([...path], !fromServer && path[0] === 'params', visit)

function placeOf({ path, shape }: Part, fromServer: boolean): Place {
  const key = path[1]
  return { shape, key, free: key !== undefined && holdsApplicationData(key), binary: fromServer }
}

class Walk {
  readonly #path: (string | number)[]
  readonly #mirrors: boolean
  readonly #visit: VisitText

  constructor(path: (string | number)[], mirrors: boolean, visit: VisitText) {
    this.#path = path
    this.#mirrors = mirrors
    this.#visit = visit
  }

  value(value: unknown, place: Place): void {
    if (typeof value === 'string') this.#string(value, place)
    else if (Array.isArray(value)) this.some(value, place, 0, value.length)
    else if (typeof value === 'object' && value !== null) this.#object(value as Record<string, unknown>, place)
  }

  #string(text: string, { key, free }: Place): void {
    if (text === '' || (key !== undefined && !free && isProtocolConstant(key, text))) return
    this.#visit(text, this.#isMirrored() ? 'fixed' : 'value', this.#path, key)
  }

  /** `params.name` and its like, and the version in `params._meta`. */
  #isMirrored(): boolean {
    if (!this.#mirrors || this.#path.length > 3 || !mirrored.has(String(this.#path.at(-1)))) return false
    return this.#path.length === 2 || this.#path[1] === '_meta'
  }

  some(values: readonly unknown[], place: Place, from: number, to: number): void {
    for (let index = from; index < to; index++) {
      this.#path.push(index)
      this.value(values[index], place)
      this.#path.pop()
    }
  }

  #object(object: Record<string, unknown>, place: Place): void {
    for (const name of Object.keys(object)) {
      const inner = object[name]
      if (place.key === '_meta' && identifiers.has(name)) continue
      this.#path.push(name)
      if (place.free || !isProtocolName(name)) this.#visit(name, 'name', this.#path, undefined)
      if (place.binary && typeof inner === 'string' && isBinaryMember(object, name, place.shape)) {
        this.#binary(inner, object, place, name)
      } else {
        const free = place.free || holdsApplicationData(name)
        this.value(inner, { ...place, key: name, free, shape: free ? 'plain' : shapeWithin(place.shape, name) })
      }
      this.#path.pop()
    }
  }

  #binary(base64: string, { mimeType }: Record<string, unknown>, place: Place, key: string): void {
    const decoded = decodeBinary(base64, mimeType, place.shape === 'blocks')
    if (decoded === 'media') return
    this.value(base64, { ...place, key })
    if (decoded !== 'no base64') this.#visit(decoded.text, 'decoded', this.#path, undefined)
  }
}

/** Where the protocol has base64: `data` of image and audio blocks, `blob` of resources. */
const isBinaryMember = (object: Record<string, unknown>, name: string, shape: PartShape): boolean =>
  shape === 'blocks'
    ? name === 'data' && (object['type'] === 'image' || object['type'] === 'audio')
    : shape === 'resources' && name === 'blob'

function shapeWithin(shape: PartShape, name: string): PartShape {
  if (shape === 'messages') return name === 'content' ? 'blocks' : 'plain'
  if (shape === 'blocks' && name === 'resource') return 'resources'
  return shape === 'blocks' && name === 'content' ? 'blocks' : 'plain'
}
