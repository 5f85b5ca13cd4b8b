/* SPDX-License-Identifier: MIT */
/*
 * image.h - what a program is told to share: an image of a disc or of a disk.
 *
 *     cd:PATH                   a CD, DVD or BD drive with that disc in it
 *     disk[,ro][,4096]:PATH     a disk: ro is write-protected, 4096 the block size instead of 512
 *     PATH                      by its name and content: a name that ends in .iso (in any case) is
 * a disc; so is a file with a volume descriptor of ISO 9660 or UDF (in blocks 16 to 31 of 2,048
 * bytes); anything else is a disk
 *
 * A PATH that begins with one of these words and a colon is said as ./PATH.
 */
#ifndef SCSINET_IMAGE_H
#define SCSINET_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct image {
    const char *path; /* within the words that were parsed */
    bool disk, read_only;
    unsigned block_size; /* 0 for a disc */
};

/* Looks into the file where the words do not say. 0, or -1 with a sentence: words that are none. A
 * file that is not there, or may not be read, is no error here: the adapter will say so. */
int image_parse(const char *words, struct image *image, char *error, size_t size);

#endif
