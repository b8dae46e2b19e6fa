/** What a person pastes into a client: an address and a key, nothing else. */
export type Target = { readonly url: string; readonly key: string }

/** Names of the tools that the client showed, or undefined when its command shows none. */
export type Seen = { readonly tools?: readonly string[] }

/** A real client at one version. `connect` fails when the client does not say that it is connected. */
export type RealClient = {
  readonly name: string
  readonly version: string
  connect(target: Target): Promise<Seen>
}
