/* A configuration of ours that is made from that of another program, and what has to be said about
 * it.
 *
 * Each line that is put in and each remark keeps the line of the other program's file that it comes
 * from. At the end the configuration is read as any is; what is wrong with a line of it is told
 * about the line that it comes from. Remarks are printed in the order of that file.
 */
#ifndef SA_NAT64_IMPORT_H
#define SA_NAT64_IMPORT_H

#include "lib/config.h"

#include <stdio.h>

struct import;

/* path stands in messages and must outlive it. NULL when memory ends. */
struct import *import_new(const char *path);
void import_free(struct import *import); /* NULL is accepted */

/* Add one line of configuration that comes from a line of the file; 0 for none. */
__attribute__((format(printf, 3, 4))) void import_put(struct import *import, unsigned line,
                                                      const char *format, ...);

/* Add a remark: what means something else or has no counterpart, and what to do. */
__attribute__((format(printf, 3, 4))) void import_note(struct import *import, unsigned line,
                                                       const char *format, ...);

/* Add an error: the file cannot be imported. */
__attribute__((format(printf, 3, 4))) void import_error(struct import *import, unsigned line,
                                                        const char *format, ...);

bool import_has_errors(const struct import *import);

/* Print the remarks and errors to err, one "FILE:LINE: ..." a line, and the configuration to out if
 * there is no error. Returns an exit status: 0, 2 when the file cannot be imported, or 1 when
 * memory ended. */
int import_finish(struct import *import, FILE *out, FILE *err);

/* Put name into the configuration as the first line of an instance: given is what the user chose,
 * or NULL; found is that of the file, from line, or NULL; otherwise is the last resort. */
void import_begin_instance(struct import *import, unsigned line, const char *given,
                           const char *found, const char *otherwise);

/* A JSON file for `jool file handle` (or `jool_siit`), Jool 4.1; mode is "nat64", "siit" or NULL to
 * find out. name is that of the instance; NULL: as in the file. text need not end in NUL. */
void import_jool(struct import *import, const char *text, size_t len, const char *mode,
                 const char *name);

/* A tayga.conf, up to version 0.9.6. */
void import_tayga(struct import *import, const char *text, size_t len, const char *name);

#endif
