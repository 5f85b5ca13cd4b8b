/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_SCSIRIG_RIGP_H
#define TESTS_UNIT_SCSIRIG_RIGP_H

/* fakeport's DriverEntry. */
NTSTATUS NTAPI fake_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);
NTSTATUS NTAPI class_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);

#endif
