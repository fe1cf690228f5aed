import { existsSync } from "node:fs";
import { createRequire } from "node:module";

/**
 * The path of the native command: what the environment variable KEYSTORM_BINARY names, else that of the package for this
 * platform, which npm installs beside this one.
 */
export function binary() {
  const named = process.env.KEYSTORM_BINARY;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`KEYSTORM_BINARY names ${named}, which is not there`);
  }
  const platform = `${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`@keystorm/${platform}/keystorm`);
  } catch {
    throw new Error(
      `there is no binary for ${platform}: the package @keystorm/${platform} is not installed ` +
        "(was npm run with --omit=optional?); KEYSTORM_BINARY can name one",
    );
  }
}
