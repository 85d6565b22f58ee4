import { describe, expect, test } from 'vitest'
import { parseLocks } from './live-locks.ts'

describe('the lock table of the kernel', () => {
  test('gives POSIX locks with inode, process and byte range', () => {
    const text = `1: POSIX  ADVISORY  READ 13213 fe:00:2146552 128 128
2: POSIX  ADVISORY  WRITE 13213 fe:00:2146550 1073741826 1073742335
3: OFDLCK ADVISORY  READ -1 00:19:77 0 EOF
`
    expect(parseLocks(text)).toEqual([
      { mode: 'READ', pid: 13213, inode: 2146552n, from: 128n, to: 128n },
      { mode: 'WRITE', pid: 13213, inode: 2146550n, from: 1073741826n, to: 1073742335n },
      { mode: 'READ', pid: -1, inode: 77n, from: 0n, to: 2n ** 63n - 1n },
    ])
  })

  test('leaves out flock, leases, waiting requests and nonsense', () => {
    const text = `1: FLOCK  ADVISORY  WRITE 1 fe:00:5 0 EOF
1: -> POSIX  ADVISORY  WRITE 9 fe:00:5 0 EOF
2: LEASE  ACTIVE    READ 1 fe:00:5 0 EOF
nonsense`
    expect(parseLocks(text)).toEqual([])
  })
})
