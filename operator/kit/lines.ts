/**
 * The complete lines of a stream of bytes, wherever it was cut: within a line, within a character. What follows the last newline is dropped: it was cut
 * off, and comes again after the reconnect.
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let parts: string[] = []
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n')
    for (const piece of pieces.slice(0, -1)) {
      parts.push(piece)
      const line = parts.join('')
      parts = []
      if (line !== '') yield line
    }
    parts.push(pieces.at(-1) ?? '')
  }
}
