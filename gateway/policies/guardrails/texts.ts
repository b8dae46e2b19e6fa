import type { Steps } from '../../exchange.ts'
import { settled } from '../../detectors/fold.ts'
import type { Path } from '../../mcp/spans.ts'
import { type Binary, decodeBinary } from './binary.ts'
import type { Part, PartShape } from './channels.ts'
import { holdsApplicationData, isIdentifier, isProtocolConstant, isProtocolName } from './vocabulary.ts'

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
  walkOf(part, fromServer, visit, Infinity).value(part.value, placeOf(part, fromServer))
}

/** Values after which others get a turn. */
const SOME = 2048

/** The same with a yield now and then in long lists; what follows a long list can be visited before its rest. */
export function* eachTextInSteps(part: Part, fromServer: boolean, visit: VisitText): Steps<void> {
  nameOfPart(part, visit)
  const walk = walkOf(part, fromServer, visit, SOME)
  walk.value(part.value, placeOf(part, fromServer))
  for (const rest of walk.rests) {
    yield
    if ('encoded' in rest) yield* walk.decode(rest)
    else walk.resume(rest)
  }
}

function nameOfPart({ path }: Part, visit: VisitText): void {
  const key = path[1]
  if (key !== undefined && !isProtocolName(key)) visit(key, 'name', path, undefined)
}

const walkOf = ({ path }: Part, fromServer: boolean, visit: VisitText, limit: number): Walk =>
  new Walk([...path], !fromServer && path[0] === 'params', visit, limit)

function placeOf({ path, shape }: Part, fromServer: boolean): Place {
  const key = path[1]
  return { shape, key, free: key !== undefined && holdsApplicationData(key), binary: fromServer }
}

/** The elements of a list or the members of an object that are still to be visited. */
type Rest = { readonly path: Path; readonly place: Place; readonly from: number } & (
  | { readonly values: readonly unknown[] }
  | { readonly object: Record<string, unknown>; readonly names: readonly string[] }
)

/** Base64 that is still to be decoded. */
type Encoded = { readonly path: Path; readonly encoded: string; readonly mimeType: unknown; readonly place: Place }

/** Longer base64 is decoded in steps, when others get turns at all. */
const LONG = 1 << 16

class Walk {
  readonly rests: (Rest | Encoded)[] = []
  readonly #path: (string | number)[]
  readonly #mirrors: boolean
  readonly #visit: VisitText

  readonly #limit: number
  #visited = 0

  /** @param limit after so many values the rest of every list and object is put aside */
  constructor(path: (string | number)[], mirrors: boolean, visit: VisitText, limit: number) {
    this.#path = path
    this.#mirrors = mirrors
    this.#visit = visit
    this.#limit = limit
  }

  resume(rest: Rest): void {
    const { path, place, from } = rest
    this.#visited = 0
    this.#path.splice(0, Infinity, ...path)
    if ('values' in rest) this.#list(rest.values, place, from)
    else this.#members(rest.object, rest.names, place, from)
  }

  *decode({ path, encoded, mimeType, place }: Encoded): Steps<void> {
    const decoded = yield* decodeBinary(encoded, mimeType, place.shape === 'blocks')
    this.#path.splice(0, Infinity, ...path)
    this.#decoded(decoded, encoded, place)
  }

  value(value: unknown, place: Place): void {
    this.#visited++
    if (typeof value === 'string') this.#string(value, place)
    else if (Array.isArray(value)) this.#list(value, place, 0)
    else if (typeof value === 'object' && value !== null)
      this.#members(value as Record<string, unknown>, Object.keys(value), place, 0)
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

  /** In the metadata of the message itself: further inside, a member of that name may be any text. */
  #isInMeta(): boolean {
    const [root, name] = this.#path
    return this.#path.length === 2 && (root === 'params' || root === 'result') && name === '_meta'
  }

  /** A token for progress that a server gives is its own. */
  #isId(name: string, value: unknown, { binary: fromServer }: Place): boolean {
    if (!identifiers.has(name) || !this.#isInMeta() || !isIdentifier(value)) return false
    return !fromServer || name !== 'progressToken'
  }

  #list(values: readonly unknown[], place: Place, from: number): void {
    for (let index = from; index < values.length; index++) {
      if (this.#visited > this.#limit) {
        this.rests.push({ path: [...this.#path], values, place, from: index })
        return
      }
      this.#path.push(index)
      this.value(values[index], place)
      this.#path.pop()
    }
  }

  #members(object: Record<string, unknown>, names: readonly string[], place: Place, from: number): void {
    for (let index = from; index < names.length; index++) {
      if (this.#visited > this.#limit) {
        this.rests.push({ path: [...this.#path], object, names, place, from: index })
        return
      }
      const name = names[index]!
      if (this.#isId(name, object[name], place)) continue
      this.#path.push(name)
      if (place.free || !isProtocolName(name)) this.#visit(name, 'name', this.#path, undefined)
      this.#member(object, name, place)
      this.#path.pop()
    }
  }

  #member(object: Record<string, unknown>, name: string, place: Place): void {
    const inner = object[name]
    if (place.binary && typeof inner === 'string' && isBinaryMember(object, name, place.shape))
      return this.#binary(inner, object, { ...place, key: name })
    const free = place.free || holdsApplicationData(name)
    const key = free && name.toLowerCase() === 'value' ? (nameBeside(object) ?? name) : name
    this.value(inner, { ...place, key, free, shape: free ? 'plain' : shapeWithin(place.shape, name) })
  }

  #binary(encoded: string, { mimeType }: Record<string, unknown>, place: Place): void {
    if (encoded.length > LONG && this.#limit < Infinity)
      this.rests.push({ path: [...this.#path], encoded, mimeType, place })
    else this.#decoded(settled(decodeBinary(encoded, mimeType, place.shape === 'blocks')), encoded, place)
  }

  #decoded(decoded: Binary, base64: string, place: Place): void {
    if (decoded === 'media') return
    this.value(base64, place)
    if (decoded === 'no base64') return
    for (const text of decoded.texts) this.#visit(text, 'decoded', this.#path, undefined)
  }
}

/** What a `value` is the value of: `{ "name": "PASSWORD", "value": "…" }`. */
function nameBeside(object: Record<string, unknown>): string | undefined {
  const name = object['name'] ?? object['key'] ?? object['Name'] ?? object['Key']
  return typeof name === 'string' && name.length <= 128 ? name : undefined
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
