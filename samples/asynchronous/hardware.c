/* SPDX-License-Identifier: MIT */
/*
 * hardware.c - the emulated transmitter: no part of the driver nor of the program, but of the
 * machine. It is in its slot before the machine is switched on (a constructor).
 *
 * On Windows nothing of this file is there: the card is.
 */
#include "hardware.h"
#include "ntio.h"

#include <pthread.h>

static struct {
    pthread_mutex_t lock;
    uint8_t result, line;
    bool hold, busy, done, pulls;
} card = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock: the line follows DONE. Pulling it calls nobody. */
static void set_done(bool done)
{
    bool pulls = done && card.line != 0;

    card.done = done;
    if (pulls && !card.pulls)
        ntio_interrupt_assert(card.line);
    else if (!pulls && card.pulls)
        ntio_interrupt_deassert(card.line);
    card.pulls = pulls;
}

static uint32_t read_register(void *context, uint16_t offset, unsigned size)
{
    uint32_t value = 0;

    (void)context, (void)size;
    pthread_mutex_lock(&card.lock);
    if (offset == HW_DATA)
        value = card.result;
    else if (offset == HW_STATUS)
        value = card.done ? HW_STATUS_DONE : 0;
    else if (offset == HW_CONTROL)
        value = card.hold ? HW_CONTROL_HOLD : 0;
    else if (offset == HW_LINE)
        value = card.line;
    pthread_mutex_unlock(&card.lock);
    return value;
}

static void write_register(void *context, uint16_t offset, unsigned size, uint32_t value)
{
    (void)context, (void)size;
    pthread_mutex_lock(&card.lock);
    if (offset == HW_DATA) {
        card.result = (uint8_t)(value >= 'a' && value <= 'z' ? value - 'a' + 'A' : value);
        card.busy = true;
    } else if (offset == HW_STATUS && (value & HW_STATUS_DONE) != 0) {
        set_done(false);
    } else if (offset == HW_CONTROL) {
        card.hold = (value & HW_CONTROL_HOLD) != 0;
    } else if (offset == HW_LINE) {
        set_done(false);
        card.line = (uint8_t)value;
    }
    if (card.busy && !card.hold) {
        card.busy = false;
        set_done(true);
    }
    pthread_mutex_unlock(&card.lock);
}

__attribute__((constructor)) static void plug_in(void)
{
    static const ntio_ports ports = {HW_PORT, HW_PORTS, read_register, write_register, NULL};

    ntio_add_ports(&ports);
}
