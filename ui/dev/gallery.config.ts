import { join } from 'node:path'
import { mergeConfig } from 'vite'
import common from '../vite.config'

/** The page of the kit alone. `npm run dev` serves it too, as /gallery.html. */
const config = mergeConfig(common, {})
config.build!.rolldownOptions = { input: { gallery: join(import.meta.dirname, '..', 'gallery.html') } }
export default config
