import { foldLetters } from '../values/fold.ts'

/** A name as fields are called, without accents: `Full Name` gives `full_name`, `Téléphone` gives `telephone`. */
export function snakeCaseOf(name: string): string {
  return foldLetters(name.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1_$2'))
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
}
