/** Reads the token where the desired state says it is, anew each time, so that a rotated one is taken up at once. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AirtableError } from './airtable-error.ts'
import type { AirtableDeclaration } from './ports.ts'

type Reference = AirtableDeclaration['token']

/** Gives the text behind a reference; undefined where there is none. Never throws. */
export interface SecretReader {
  read(reference: Reference): string | undefined
}

/** Reads variables of an environment and files, relative ones from the workspace's folder. */
export function createSecretReader(settings: {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
}): SecretReader {
  return {
    read(reference) {
      if ('env' in reference) return settings.environment[reference.env]
      try {
        return readFileSync(resolve(settings.directory, reference.file), 'utf8')
      } catch (error) {
        // A file that is not there or may not be read holds no token for us; the caller says which file it is.
        if (error instanceof Error && 'syscall' in error) return undefined
        throw error
      }
    },
  }
}

/**
 * The token, fit for a header. Throws AIRTABLE_TOKEN_MISSING naming the variable or file. The `airtable` package would
 * take another token from the environment for an empty one, and quote one with a line break in its error.
 */
export function tokenFrom(secrets: SecretReader, reference: Reference): string {
  const place = 'env' in reference ? `the variable ${reference.env}` : `the file ${reference.file}`
  const token = secrets.read(reference)?.trim() ?? ''
  if (token === '') {
    throw new AirtableError('AIRTABLE_TOKEN_MISSING', `there is no Airtable token in ${place}`, {
      hint: `Put a personal access token into ${place}.`,
    })
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new AirtableError('AIRTABLE_TOKEN_MISSING', `what is in ${place} is no token: it has blanks or other signs`, {
      hint: `Put the personal access token, and nothing else, into ${place}.`,
    })
  }
  return token
}
