/* SPDX-License-Identifier: MIT */
/* host.h - the ntio host of a program: boots it with the drivers of one side, adds images, says
 * what is there. */
#ifndef SCSINET_HOST_H
#define SCSINET_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Boots ntio and registers the drivers of both sides (vhba, cdrom, disk, scsiserver, scsiclient);
 * starts none. 0, or -1 with a sentence. */
int host_boot(const char *process, char *error, size_t size);
/* The owner's side: makes the virtual host bus adapter. */
int host_add_adapter(char *error, size_t size);
/*
 * Puts an image into the adapter, as a CD drive or as a disk (image.h says what the words mean),
 * and waits until its device is there. instance gets its path. Says in one sentence when the image
 * is missing, damaged or not readable.
 */
int host_add_image(const char *words, char *instance, size_t instance_size, char *error,
                   size_t size);
/* The other side: makes scsiclient's bus. */
int host_add_bus(char *error, size_t size);
/* Shuts ntio down. Returns how much was left behind (named on stderr). */
unsigned host_shutdown(void);

/* Each storage device: hardware IDs, instance, driver, as List prints them. */
void host_list_devices(FILE *out);

#endif
