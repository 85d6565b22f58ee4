import Table from 'cli-table3'
import pc from 'picocolors'

/** Writes for people: colour and progress only on a terminal, NO_COLOR honoured. */
export interface Terminal {
  readonly colour: ReturnType<typeof pc.createColors>
  readonly isInteractive: boolean
  line(text?: string): void
  table(head: readonly string[], rows: readonly (readonly string[])[]): void
  /** Shows how far long work is, in place; nothing where stderr is no terminal. */
  progress(label: string, done: number, total: number): void
  progressDone(): void
}

export function createTerminal(out: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Terminal {
  const isColoured = out.isTTY === true && environment.NO_COLOR === undefined && environment.TERM !== 'dumb'
  const colour = pc.createColors(isColoured)
  let shown = 0
  const clear = () => {
    if (shown > 0) process.stderr.write(`\r${' '.repeat(shown)}\r`)
    shown = 0
  }
  return {
    colour,
    isInteractive: out.isTTY === true,
    line(text = '') {
      clear()
      out.write(`${text}\n`)
    },
    table(head, rows) {
      clear()
      const table = new Table({
        head: head.map((title) => colour.bold(title)),
        style: { head: [], border: [], compact: true },
        chars: {
          top: '',
          'top-mid': '',
          'top-left': '',
          'top-right': '',
          bottom: '',
          'bottom-mid': '',
          'bottom-left': '',
          'bottom-right': '',
          left: '',
          'left-mid': '',
          mid: '',
          'mid-mid': '',
          right: '',
          'right-mid': '',
          middle: '  ',
        },
      })
      for (const row of rows) table.push([...row])
      out.write(`${table.toString()}\n`)
    },
    progress(label, done, total) {
      if (process.stderr.isTTY !== true) return
      clear()
      const share = total === 0 ? 0 : Math.min(1, done / total)
      const bar = '█'.repeat(Math.round(share * 20)).padEnd(20, '░')
      const text = `${bar} ${label} ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`
      shown = text.length
      process.stderr.write(`\r${text}`)
    },
    progressDone: clear,
  }
}
