/**
 * Facts that tell one database from its copies, such as PostgreSQL's system identifier or the inode of SQLite's file. A copy has other
 * values, and a failover, a restart or a new process has the same. `kind` is the kind of database.
 */
export type DatabaseIdentity = Readonly<Record<string, string>> & { readonly kind: string };

/**
 * Whether two identities surely belong to different databases: a fact that both have differs. Null means that a database does not tell
 * anything about itself, which proves nothing.
 */
export function isOtherDatabase(one: DatabaseIdentity | null, other: DatabaseIdentity | null): boolean {
  if (one === null || other === null) return false;
  return Object.keys(one).some((fact) => other[fact] !== undefined && other[fact] !== one[fact]);
}
