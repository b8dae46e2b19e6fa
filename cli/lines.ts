import { createReadStream } from 'node:fs'
import { Complaint } from './complaint.ts'

const maxLine = 1024 * 1024

/**
 * The lines of a file, however large it is. Only a line feed ends a line: `node:readline` also ends them at U+2028, which may stand in JSON.
 * @throws Complaint when the file cannot be read or a line is longer than 1 MiB
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(file)) {
      let bytes = Buffer.concat([rest, chunk as Buffer])
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
        yield bytes.toString('utf8', 0, end)
        bytes = bytes.subarray(end + 1)
      }
      if (bytes.length > maxLine) throw new Complaint(`${file}: a line is longer than 1 MiB: this is no audit log`)
      rest = bytes
    }
  } catch (error) {
    if (error instanceof Complaint) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new Complaint(code === 'ENOENT' ? `${file}: there is no audit log (is --state right?)` : `${file}: ${code}`)
  }
  if (rest.length > 0) yield rest.toString('utf8')
}
