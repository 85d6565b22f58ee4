/** `node:fs/promises` of the simulated machine: done at once, so that no thread of the real one decides what comes first. */
import type { BigIntStats, PathLike, Stats } from 'node:fs'
import * as real from 'node:fs/promises'
import * as fs from './fs.ts'

export { constants } from 'node:fs'

export const stat = async (path: PathLike, options: { bigint?: boolean } = {}): Promise<Stats | BigIntStats> =>
  options.bigint === true ? fs.statSync(path, { bigint: true }) : fs.statSync(path)
export const lstat = async (path: PathLike, options: { bigint?: boolean } = {}): Promise<Stats | BigIntStats> =>
  options.bigint === true ? fs.lstatSync(path, { bigint: true }) : fs.lstatSync(path)
export const statfs = async (path: PathLike) => fs.statfsSync(path)
export const realpath = async (path: PathLike) => fs.realpathSync(path)
export const readFile = async (path: PathLike, options?: BufferEncoding) => fs.readFileSync(path, options)
export const readdir = async (path: PathLike) => fs.readdirSync(path)
export const readlink = async (path: PathLike) => fs.readlinkSync(path)
export const access = async (path: PathLike, mode?: number) => fs.accessSync(path, mode)
export const mkdir = async (path: PathLike, options?: { recursive?: boolean; mode?: number }) =>
  fs.mkdirSync(path, options)
export const mkdtemp = async (prefix: string) => fs.mkdtempSync(prefix)
export const rm = async (path: PathLike, options?: { recursive?: boolean; force?: boolean }) => fs.rmSync(path, options)
export const unlink = async (path: PathLike) => fs.unlinkSync(path)
export const rename = async (from: PathLike, to: PathLike) => fs.renameSync(from, to)
export const link = async (from: PathLike, to: PathLike) => fs.linkSync(from, to)
export const copyFile = async (from: PathLike, to: PathLike, mode?: number) => fs.copyFileSync(from, to, mode)
export const chmod = async (path: PathLike, mode: number) => fs.chmodSync(path, mode)
export const chown = async (): Promise<void> => undefined
/** Only what no simulated kind needs: streams of backups. */
export const { open, writeFile } = real
