/**
 * Child process: looks for texts in the bytes of files. In a process of its own, since closing a descriptor of a live
 * SQLite file drops the locks of its whole process.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import { serve } from '../process/serve.ts'

const orderSchema = z.strictObject({ files: z.array(z.string()), texts: z.array(z.string().min(1)) })
export type TraceOrder = z.output<typeof orderSchema>

const blockBytes = 1 << 22

serve(async (given) => {
  const { files, texts } = orderSchema.parse(given)
  const needles = texts.flatMap((text) => {
    const spellings = new Set([text, JSON.stringify(text).slice(1, -1)])
    // A database may be kept in UTF-16. Bytes as characters, so that their case can be folded where it is one of ASCII.
    return [...spellings].flatMap((one) => [folded(Buffer.from(one, 'utf8')), folded(Buffer.from(one, 'utf16le'))])
  })
  const holding: string[] = []
  const unreadable: string[] = []
  for (const file of files) {
    try {
      if (await holds(file, needles)) holding.push(file)
    } catch (error) {
      // What is gone holds nothing; anything else is told.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) unreadable.push(file)
    }
  }
  return { holding, unreadable }
})

function folded(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

async function holds(path: string, needles: readonly string[]): Promise<boolean> {
  const overlap = Math.max(...needles.map((needle) => needle.length))
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const block = Buffer.allocUnsafe(blockBytes + overlap)
    for (let kept = 0; ; ) {
      const { bytesRead } = await file.read(block, kept, blockBytes)
      if (bytesRead === 0) return false
      const part = block.subarray(0, kept + bytesRead)
      const text = folded(part)
      if (needles.some((needle) => text.includes(needle))) return true
      kept = Math.min(overlap, part.length)
      part.copy(block, 0, part.length - kept)
    }
  } finally {
    await file.close()
  }
}
