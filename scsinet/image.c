/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECTOR 2048

static bool has_descriptor(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool found = false;

    if (file < 0)
        return false;
    for (int block = 16; block < 32 && !found; block++) {
        char descriptor[6];

        found =
            pread(file, descriptor, 6, (off_t)block * SECTOR) == 6 &&
            (memcmp(descriptor + 1, "CD001", 5) == 0 || memcmp(descriptor + 1, "BEA01", 5) == 0);
    }
    close(file);
    return found;
}

static bool ends_in_iso(const char *path)
{
    size_t length = strlen(path);

    return length >= 4 && strcasecmp(path + length - 4, ".iso") == 0;
}

/* The words between "disk" and the colon: each with a comma before it. */
static int parse_options(const char *at, const char *colon, struct image *image)
{
    while (at < colon) {
        size_t length;

        if (*at++ != ',')
            return -1;
        length = strcspn(at, ",:");
        if (length == 2 && strncmp(at, "ro", 2) == 0)
            image->read_only = true;
        else if (length == 3 && strncmp(at, "512", 3) == 0)
            image->block_size = 512;
        else if (length == 4 && strncmp(at, "4096", 4) == 0)
            image->block_size = 4096;
        else
            return -1;
        at += length;
    }
    return 0;
}

int image_parse(const char *words, struct image *image, char *error, size_t size)
{
    const char *colon = strchr(words, ':');

    *image = (struct image){.path = words};
    if (strncmp(words, "cd:", 3) == 0) {
        image->path = words + 3;
    } else if (strncmp(words, "disk", 4) == 0 && colon && (words[4] == ':' || words[4] == ',')) {
        image->path = colon + 1;
        image->disk = true;
        image->block_size = 512;
        if (parse_options(words + 4, colon, image) != 0) {
            snprintf(error, size,
                     "'%.*s' is no kind of image; a disk is said as disk:PATH, with ,ro and ,4096 "
                     "before the colon",
                     (int)(colon - words), words);
            return -1;
        }
    } else if (!ends_in_iso(words) && access(words, F_OK) == 0 && !has_descriptor(words)) {
        image->disk = true;
        image->block_size = 512;
    }
    if (image->path[0] == '\0') {
        snprintf(error, size, "'%s' names no image", words);
        return -1;
    }
    return 0;
}
