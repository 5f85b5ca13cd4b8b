/* SPDX-License-Identifier: MIT */
/*
 * ntio.h - what a host includes: boots the NT I/O system in this process, loads drivers, looks at
 * it, shuts it down.
 *
 * All routines are ordinary C (not NTAPI), called at PASSIVE_LEVEL from any thread of the host.
 * Strings are UTF-8. A result is an NTSTATUS as int32_t: 0 or positive is success.
 */
#ifndef NTIO_H
#define NTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NTIO_API_ __attribute__((visibility("default")))

typedef struct ntio_config {
    unsigned processors;      /* processor slots; 0: as many as the host has */
    const char *process_name; /* the program's EPROCESS; NULL: "program" */
    bool debug_to_stderr;     /* DbgPrint goes to stderr (also where NTIO_DEBUG is set in the
                                 environment) */
    bool quiet_accounting;    /* ntio_shutdown counts, but prints nothing */
} ntio_config;

/* Boots. config may be NULL. Once at a time in a process (else STATUS_INVALID_DEVICE_STATE); after
 * ntio_shutdown it may be booted again. */
NTIO_API_ int32_t ntio_boot(const ntio_config *config);
/*
 * Boots as Windows does: with the registry of a .reg file (NULL: an empty one), then starts the
 * drivers that it says start with the system: those of Start 0, then 1, then 2, in the order of
 * their groups (Control\ServiceGroupOrder), tags (Control\GroupOrderList) and dependencies. Driver
 * directories may be added before. One that does not start is logged (DbgPrint); where its
 * ErrorControl is 3 (critical) the boot fails, and nothing is left of it. reason (may be NULL) gets
 * one sentence on failure.
 */
NTIO_API_ int32_t ntio_boot_from(const ntio_config *config, const char *registry, char *reason,
                                 size_t size);
/*
 * Wakes a system that sleeps, closes the program's handles, removes all devices, unloads all
 * drivers, stops all threads. Returns how many things were left behind (IRPs, MDLs, pool blocks,
 * handles, references, timers, links), each named on stderr; 0 is health.
 */
NTIO_API_ unsigned ntio_shutdown(void);

/* Where drivers are looked for by file name (several: in the order added). */
NTIO_API_ int32_t ntio_add_driver_directory(const char *path);
/*
 * The folder that programs and packages call C:\Windows: drivers are copied there and the driver
 * store is in it, with what an earlier boot published. Made where it is missing (not those above
 * it). After the boot and before anything is installed, else STATUS_INVALID_DEVICE_STATE. Where
 * none is set, the first installation makes a private one that goes at the shutdown.
 */
NTIO_API_ int32_t ntio_set_system_root(const char *path);
/* The same folder's path; makes the private one where none was set. */
NTIO_API_ int32_t ntio_get_system_root(char *path, size_t size);
/* The language (a LANGID, 0x409 at each boot) of the strings that setup takes from packages. */
NTIO_API_ int32_t ntio_set_language(uint16_t language);
/*
 * Registers service NAME with image FILE (path, or name in a driver directory: NAME.so then
 * NAME.sys where FILE is NULL). Loads nothing.
 */
NTIO_API_ int32_t ntio_create_service(const char *name, const char *file);
NTIO_API_ int32_t ntio_delete_service(const char *name);
/* Starts (loads, DriverEntry) or stops (DriverUnload) it. reason (may be NULL) gets one sentence on
 * failure. */
NTIO_API_ int32_t ntio_start_service(const char *name, char *reason, size_t size);
NTIO_API_ int32_t ntio_stop_service(const char *name);

/*
 * What a .sys imports, each name with its module and whether ntio has it (an import by ordinal is
 * "#N" and never there). Needs no boot; nothing of the driver runs. reason (may be NULL) gets one
 * sentence on failure.
 */
NTIO_API_ int32_t ntio_list_imports(const char *file,
                                    void (*each)(const char *module, const char *name, bool there,
                                                 void *context),
                                    void *context, char *reason, size_t size);

/* Devices with this hardware or compatible ID are driven by service. */
NTIO_API_ int32_t ntio_add_match(const char *id, const char *service);
/* A root-enumerated device with one hardware ID, started by the time this returns. instance (size
 * bytes) gets its path. */
NTIO_API_ int32_t ntio_create_root_device(const char *name, const char *hardware_id, char *instance,
                                          size_t size);
NTIO_API_ int32_t ntio_remove_device(const char *instance, bool surprise);
/*
 * Swaps a device's function driver (NULL: the best match) and starts the new one; see
 * PnpSetFunctionDriver. veto gets what refused. STATUS_PNP_QUERY_REMOVE_* / 0xC0000056-like codes:
 * the device is in use and nothing was changed.
 */
NTIO_API_ int32_t ntio_set_function_driver(const char *instance, const char *service, char *veto,
                                           size_t size);
/*
 * The system's power state: numbers as SYSTEM_POWER_STATE. To sleep: every driver is asked
 * (QUERY_POWER), children before parents, then told (SET_POWER); a refusal's status comes back,
 * veto gets who it was, and the system works on. Back to NTIO_POWER_WORKING: parents before
 * children. NTIO_POWER_SHUTDOWN: as Windows shuts down (QUERY, IRP_MJ_SHUTDOWN, SET_POWER for S5);
 * only ntio_shutdown can follow. Waits for the drivers. Host and programs run on: what they ask of
 * a device that has no power, its driver holds until it has. STATUS_INVALID_DEVICE_STATE: from one
 * sleep to another, or from the shutdown.
 */
typedef enum ntio_power {
    NTIO_POWER_WORKING = 1,
    NTIO_POWER_SLEEP1,
    NTIO_POWER_SLEEP2,
    NTIO_POWER_SLEEP3,
    NTIO_POWER_HIBERNATE,
    NTIO_POWER_SHUTDOWN
} ntio_power;
NTIO_API_ int32_t ntio_set_system_power(ntio_power state, char *veto, size_t size);
NTIO_API_ ntio_power ntio_get_system_power(void);

/* All queued plug and play work is done when this returns. */
NTIO_API_ void ntio_pnp_settle(void);

typedef struct ntio_device {
    const char *instance;            /* "SCSI\\CdRom&Ven_...\\0000" */
    const char *description;         /* device text, or "" */
    const char *service;             /* function driver, or "" */
    const char *state;               /* "started", "no driver", "failed", ... */
    const char *const *hardware_ids; /* NULL-terminated */
    const char *const *compatible_ids;
    unsigned depth;
    uint32_t problem;
} ntio_device;
/* The device tree, parents first, as it was at one moment (a copy). each returns false to stop. */
NTIO_API_ void ntio_enumerate_devices(bool (*each)(const ntio_device *device, void *context),
                                      void *context);
/*
 * Names of enabled interfaces of a class ("{4d36e965-...}"), each as a path that CreateFile takes
 * (\\?\...), malloc'ed list ended by NULL: ntio_free_list. instance NULL: of all devices.
 */
NTIO_API_ int32_t ntio_get_interfaces(const char *class_guid, const char *instance, char ***list);
NTIO_API_ void ntio_free_list(char **list);

/*
 * Makes a directory of the host a drive: drive "X:" is what programs open as X:\... and drivers as
 * \??\X:\..., "SystemRoot" what drivers open as \SystemRoot\.... Nothing outside the directory can
 * be reached through it. 0xC0000035: the name is in use; 0xC0000033: it is another name;
 * 0xC000003A: no such directory. There are no drives but those that are mapped.
 */
NTIO_API_ int32_t ntio_map_drive(const char *drive, const char *directory, bool read_only);
/* Takes the name away; what is open there stays so until it is closed. */
NTIO_API_ int32_t ntio_unmap_drive(const char *drive);

/* Registry: path as in NT, UTF-8. Type numbers as REG_*. */
NTIO_API_ int32_t ntio_registry_set_string(const char *key, const char *name, const char *value);
NTIO_API_ int32_t ntio_registry_set_uint32(const char *key, const char *name, uint32_t value);

/*
 * Emulated hardware: what a device model in the host is made of. Both may be called from any
 * thread, also under the model's own lock: neither calls a driver.
 *
 * A line (0 to 255: the vector that the device's resources name) is a wire that several devices may
 * pull; assert: one more pulls it, deassert: one less, so a model remembers whether it pulls. The
 * service routines that drivers have connected run soon afterwards on a thread of the line's own,
 * at its IRQL (3 + vector % 9): while it is pulled where it is level sensitive, at each rising edge
 * where it is latched. STATUS_INVALID_PARAMETER: no such line; STATUS_INVALID_DEVICE_STATE: nobody
 * pulls it.
 */
NTIO_API_ int32_t ntio_interrupt_assert(uint32_t vector);
NTIO_API_ int32_t ntio_interrupt_deassert(uint32_t vector);

/*
 * I/O ports first to first + count - 1, which drivers reach by READ_PORT_xxx and WRITE_PORT_xxx (a
 * .sys: by IN and OUT). The two routines run on the driver's thread, at its IRQL, several at once:
 * they wait for nothing but a short lock of the model's own. offset counts from first, size is 1, 2
 * or 4 bytes. ports is copied. STATUS_CONFLICTING_ADDRESSES: another model has one of them.
 */
typedef struct ntio_ports {
    uint16_t first, count;
    uint32_t (*read)(void *context, uint16_t offset, unsigned size);
    void (*write)(void *context, uint16_t offset, unsigned size, uint32_t value);
    void *context;
} ntio_ports;
NTIO_API_ int32_t ntio_add_ports(const ntio_ports *ports);
/* Neither routine runs when this returns. STATUS_NOT_FOUND: no model has ports from first on. */
NTIO_API_ int32_t ntio_remove_ports(uint16_t first);

/*
 * The registry as a .reg file. Load adds what the file says to what is there, or takes away
 * ([-key], "name"=-); a fault in it (the reason has its line) changes nothing. Save writes the key
 * (as in NT; NULL: all) and what is below, as regedit does: UTF-16, without volatile keys. reason
 * (may be NULL) gets one sentence on failure.
 */
NTIO_API_ int32_t ntio_registry_load(const char *file, char *reason, size_t size);
NTIO_API_ int32_t ntio_registry_save(const char *file, const char *key, char *reason, size_t size);

/* The tree of devices with each device's stack of device objects, as people read it. */
NTIO_API_ void ntio_print_device_tree(FILE *out);
NTIO_API_ void ntio_print_objects(FILE *out);
NTIO_API_ void ntio_print_drivers(FILE *out);

/* Debug output, line by line, on the thread that prints; NULL takes the sink away (then the
 * default: stderr if so configured). */
NTIO_API_ void ntio_set_debug_sink(void (*sink)(const char *line, void *context), void *context);

/*
 * The same as a viewer wants it, beside the sink: DbgPrint of drivers and OutputDebugString of
 * programs, each line with its number, time and source. NTIO_DEBUG=view in the environment shows
 * them so on stderr, where no sink is set. Called at any IRQL: no waiting, no ntio calls inside.
 */
typedef struct ntio_debug_line {
    uint64_t number;    /* of the line, from 1 since the process began */
    uint64_t time_ns;   /* monotonic */
    const char *source; /* the driver's image without its ending; the program's name; "ntio" */
    uint32_t process;   /* in whose context it runs; 0: unknown */
    bool kernel;        /* a driver's (or ntio's), no program's */
    const char *text;
} ntio_debug_line;
NTIO_API_ void ntio_set_debug_view(void (*each)(const ntio_debug_line *line, void *context),
                                   void *context);
/* "00000001     0.000123 kernel   hello_nt: text", as snprintf does; the time counts from the first
 * line that was made so. */
NTIO_API_ int ntio_format_debug_line(const ntio_debug_line *line, char *text, size_t size);

/* The IRP trace: called at each step of each IRP, on the thread that takes it, at its IRQL: no
 * waiting, no ntio calls inside. */
typedef struct ntio_irp_event {
    enum {
        NTIO_IRP_CALL,
        NTIO_IRP_RETURN,
        NTIO_IRP_COMPLETE,
        NTIO_IRP_COMPLETION_ROUTINE,
        NTIO_IRP_FREE
    } step;
    const void *irp, *device;
    const char *driver; /* name of the driver of that device, without \Driver\ */
    uint8_t major, minor;
    uint32_t io_control_code; /* for device control, else 0 */
    int32_t status;
    uint64_t information;
    uint64_t time_ns; /* monotonic */
} ntio_irp_event;
NTIO_API_ void ntio_set_irp_trace(void (*each)(const ntio_irp_event *event, void *context),
                                  void *context);

/* Counters for tests and tools. */
typedef struct ntio_counts {
    uint64_t irps, mdls, pool_blocks, pool_bytes, objects, handles, timers, threads;
} ntio_counts;
NTIO_API_ void ntio_get_counts(ntio_counts *counts);

/* Another process of the host: its handles are its own. The calling thread joins it. NULL goes back
 * to the default. */
typedef struct ntio_process ntio_process;
NTIO_API_ ntio_process *ntio_process_create(const char *name);
NTIO_API_ void ntio_process_enter(ntio_process *process);
/* Ends it as if it had died: cancels its IRPs, closes its handles. No thread may be inside. */
NTIO_API_ void ntio_process_end(ntio_process *process);

#ifdef __cplusplus
}
#endif
#endif
