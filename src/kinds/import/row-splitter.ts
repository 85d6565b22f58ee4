/**
 * Cuts the bytes of a JSON file into its rows without reading them whole: an array of rows, rows under a wrapping name
 * (`leads`, `data`, `records` …), one row alone, rows one after the other, or one a line. What is broken in one row is
 * left to that row, so that the others can still be read.
 */

/** One row's bytes and the line (from 1) that it starts on, or what is wrong at a line. */
export type Split =
  | { readonly is: 'row'; readonly bytes: Uint8Array; readonly line: number }
  | { readonly is: 'problem'; readonly message: string; readonly line: number }

export interface SplitOptions {
  /** One row a line, as in JSON Lines; otherwise by brackets. */
  readonly lines: boolean
  /** A longer row is not read but reported. */
  readonly rowBytesMax: number
}

/** The names under which files keep their rows. */
const wrapperNames: ReadonlySet<string> = new Set([
  'leads',
  'data',
  'records',
  'rows',
  'items',
  'results',
  'contacts',
  'people',
])

/** The rows of a file in order, from its bytes in any chunks. A byte order mark is skipped; UTF-16 is refused. */
export function* splitRows(chunks: Iterable<Uint8Array>, options: SplitOptions): Generator<Split> {
  const bytes = withoutMark(chunks)
  const splitter = options.lines ? new LineSplitter(options.rowBytesMax) : new BracketSplitter(options.rowBytesMax)
  for (const chunk of bytes) {
    if (chunk === 'utf-16') {
      yield { is: 'problem', line: 1, message: 'is UTF-16 text; save it as UTF-8' }
      return
    }
    splitter.feed(chunk)
    yield* splitter.taken()
  }
  splitter.end()
  yield* splitter.taken()
}

function* withoutMark(chunks: Iterable<Uint8Array>): Generator<Uint8Array | 'utf-16'> {
  let head: Uint8Array | undefined = new Uint8Array(0)
  for (const chunk of chunks) {
    if (head === undefined) {
      yield chunk
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length < 3) continue
    yield startOf(head)
    head = undefined
  }
  if (head !== undefined && head.length > 0) yield startOf(head)
}

function startOf(head: Uint8Array): Uint8Array | 'utf-16' {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return 'utf-16'
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head
}

const [tab, newline, carriage, blank, quote, backslash] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x5c]
const [comma, colon, openList, closeList, openObject, closeObject] = [0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d]

/** The bytes of the row that is being read, over chunk borders, up to a limit. */
class Capture {
  readonly line: number
  private readonly parts: Uint8Array[] = []
  private readonly bytesMax: number
  private length = 0

  constructor(line: number, bytesMax: number) {
    this.line = line
    this.bytesMax = bytesMax
  }

  add(part: Uint8Array): void {
    this.length += part.length
    if (this.length > this.bytesMax) this.parts.length = 0
    // A copy, since the reader uses its buffer again.
    else this.parts.push(part.slice())
  }

  split(): Split {
    if (this.length > this.bytesMax)
      return { is: 'problem', line: this.line, message: `the row is larger than ${this.bytesMax / 1e6} MB` }
    const [only] = this.parts
    const bytes = this.parts.length === 1 && only !== undefined ? only : Buffer.concat(this.parts)
    return { is: 'row', line: this.line, bytes }
  }
}

/** Takes each line that is not blank as a row. */
class LineSplitter {
  private readonly bytesMax: number
  private ready: Split[] = []
  private line = 1
  private capture: Capture | undefined

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  *taken(): Generator<Split> {
    yield* this.ready
    this.ready = []
  }

  feed(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; ) {
      const found = chunk.indexOf(newline, from)
      const to = found < 0 ? chunk.length : found
      if (this.capture !== undefined || chunk.subarray(from, to).some((byte) => !isSpace(byte))) {
        this.capture ??= new Capture(this.line, this.bytesMax)
        this.capture.add(chunk.subarray(from, to))
      }
      if (found >= 0) this.endLine()
      from = to + 1
    }
  }

  end(): void {
    this.endLine()
  }

  private endLine(): void {
    if (this.capture !== undefined) this.ready.push(this.capture.split())
    this.capture = undefined
    this.line++
  }
}

/** What is open around the byte that is read. */
type Around =
  /** Outside of everything. */
  | 'file'
  /** In a list of rows, at its own depth. */
  | 'rows'
  /** In an object that wraps rows, between them. */
  | 'wrapper'

/** Takes rows by counting brackets outside of texts. */
class BracketSplitter {
  private readonly bytesMax: number
  private ready: Split[] = []
  private line = 1
  private depth = 0
  private inText = false
  private escaped = false
  private around: Around = 'file'
  private wrapped = false
  private capture: Capture | undefined
  /** The depth that ends the captured row once it is reached again. */
  private captureDepth = 0
  private nextIsName = false
  private name = ''
  private inName = false
  private afterColon = false
  /** Seen `name: [` under a wrapping name: an object next, or the list's end, shows that rows are in it. */
  private listOpened = false

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  *taken(): Generator<Split> {
    yield* this.ready
    this.ready = []
  }

  feed(chunk: Uint8Array): void {
    let from = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0
      if (byte === newline) this.line++
      if (this.inText) {
        this.text(byte)
        continue
      }
      if (isSpace(byte)) continue
      if (this.listOpened) this.enterIfRows(byte)
      if (this.capture === undefined && this.starts(byte)) {
        this.capture = new Capture(this.line, this.bytesMax)
        this.captureDepth = this.depth
        from = i
      }
      const end = this.structure(byte)
      if (end !== 'none') this.finish(chunk.subarray(from, end === 'after' ? i + 1 : i))
    }
    this.capture?.add(chunk.subarray(from))
  }

  end(): void {
    if (this.capture !== undefined && this.depth === this.captureDepth && !this.inText) {
      this.finish(new Uint8Array(0))
    } else if (this.capture !== undefined || this.around !== 'file' || this.inText) {
      const line = this.capture?.line ?? this.line
      const where = this.capture === undefined ? 'between its rows' : 'in the middle of the row that starts here'
      this.ready.push({ is: 'problem', line, message: `the file is cut off ${where}` })
    }
    this.capture = undefined
  }

  private finish(last: Uint8Array): void {
    this.capture?.add(last)
    if (this.capture !== undefined) this.ready.push(this.capture.split())
    this.capture = undefined
  }

  /** Whether a row starts with this byte. */
  private starts(byte: number): boolean {
    if (byte === comma) return false
    if (this.around === 'file') return byte !== openList
    return this.around === 'rows' && byte !== closeList
  }

  /** Follows one byte outside of texts; says whether the captured row ends with it or before it. */
  private structure(byte: number): 'none' | 'after' | 'before' {
    switch (byte) {
      case quote:
        this.inText = true
        this.inName = this.nextIsName && this.depth === 1
        if (this.inName) this.name = ''
        return 'none'
      case colon:
        this.afterColon = this.depth === 1
        this.nextIsName = false
        return 'none'
      case comma:
        this.nextIsName = true
        this.afterColon = false
        // A scalar where a row should be ends here; it is reported when it is read.
        return this.capture !== undefined && this.depth === this.captureDepth ? 'before' : 'none'
      case openList:
      case openObject:
        return this.open(byte)
      case closeList:
      case closeObject:
        return this.close()
      default:
        this.afterColon = false
        return 'none'
    }
  }

  private open(byte: number): 'none' {
    if (byte === openList && this.around === 'file' && this.capture === undefined) this.around = 'rows'
    else if (byte === openList && this.afterColon && this.depth === 1 && this.mayWrap()) this.listOpened = true
    this.depth++
    this.nextIsName = byte === openObject
    this.afterColon = false
    return 'none'
  }

  private mayWrap(): boolean {
    const outermost = this.around === 'wrapper' || (this.around === 'file' && this.captureDepth === 0)
    return outermost && wrapperNames.has(this.name.toLowerCase())
  }

  /** Where the list just opened holds rows, what was taken for one row is their wrapper. */
  private enterIfRows(byte: number): void {
    this.listOpened = false
    if (byte !== openObject && byte !== closeList) return
    this.wrapped = true
    this.around = 'rows'
    this.capture = undefined
  }

  private close(): 'none' | 'after' | 'before' {
    const scalarEnds = this.capture !== undefined && this.depth === this.captureDepth
    this.depth = Math.max(0, this.depth - 1)
    this.nextIsName = false
    this.afterColon = false
    if (this.capture !== undefined && !scalarEnds) return this.depth === this.captureDepth ? 'after' : 'none'
    if (this.around === 'rows') this.around = this.wrapped ? 'wrapper' : 'file'
    else if (this.around === 'wrapper' && this.depth === 0) {
      this.around = 'file'
      this.wrapped = false
    }
    return scalarEnds ? 'before' : 'none'
  }

  private text(byte: number): void {
    if (this.escaped) this.escaped = false
    else if (byte === backslash) this.escaped = true
    else if (byte === quote) {
      this.inText = false
      this.inName = false
      return
    }
    if (this.inName && this.name.length < 64) this.name += String.fromCharCode(byte)
  }
}

function isSpace(byte: number): boolean {
  return byte === blank || byte === newline || byte === carriage || byte === tab
}
