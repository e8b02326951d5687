/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_settings.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/parse.h"
#include "plan/unit_file.h"

/* Settings that take several assignments: each adds, an empty one forgets. As globs. */
static const char *const lists[] = {
	"After",
	"AmbientCapabilities",
	"Assert*",
	"BPFProgram",
	"Before",
	"BindPaths",
	"BindReadOnlyPaths",
	"BindsTo",
	"CPUAffinity",
	"CapabilityBoundingSet",
	"Condition*",
	"Conflicts",
	"DeviceAllow",
	"Documentation",
	"Environment",
	"EnvironmentFile",
	"Exec[A-Z]*",
	"ExtensionDirectories",
	"ExtensionImages",
	"FileDescriptorStoreNames",
	"IO*BandwidthMax",
	"IO*IOPSMax",
	"IODeviceLatencyTargetSec",
	"IODeviceWeight",
	"IPAddressAllow",
	"IPAddressDeny",
	"IPEgressFilterPath",
	"IPIngressFilterPath",
	"ImportCredential",
	"InaccessiblePaths",
	"JoinsNamespaceOf",
	"Listen*",
	"LoadCredential*",
	"LogExtraFields",
	"LogFilterPatterns",
	"MountImages",
	"NoExecPaths",
	"OnFailure",
	"OnSuccess",
	"OpenFile",
	"PartOf",
	"PassEnvironment",
	"PropagatesReloadTo",
	"PropagatesStopTo",
	"ReadOnlyPaths",
	"ReadWritePaths",
	"ReloadPropagatedFrom",
	"RequiredBy",
	"Requires",
	"RequiresMountsFor",
	"Requisite",
	"RestartForceExitStatus",
	"RestartPreventExitStatus",
	"RestrictAddressFamilies",
	"RestrictFileSystems",
	"RestrictNetworkInterfaces",
	"SetCredential*",
	"SocketBind*",
	"Sockets",
	"StopPropagatedFrom",
	"SuccessExitStatus",
	"SupplementaryGroups",
	"Symlinks",
	"SystemCallArchitectures",
	"SystemCallFilter",
	"SystemCallLog",
	"TemporaryFileSystem",
	"UnsetEnvironment",
	"Upholds",
	"Wants",
	"WantsMountsFor",
};

static const char *const of_unit[] = {
	"AllowIsolate",
	"CollectMode",
	"DefaultDependencies",
	"Description",
	"FailureAction",
	"FailureActionExitStatus",
	"IgnoreOnIsolate",
	"JobRunningTimeoutSec",
	"JobTimeoutAction",
	"JobTimeoutRebootArgument",
	"JobTimeoutSec",
	"OnFailureJobMode",
	"OnSuccessJobMode",
	"RebootArgument",
	"RefuseManualStart",
	"RefuseManualStop",
	"SourcePath",
	"StartLimitAction",
	"StartLimitBurst",
	"StartLimitIntervalSec",
	"StopWhenUnneeded",
	"SuccessAction",
	"SuccessActionExitStatus",
	"SurviveFinalKillSignal",
};

static const char *const of_service[] = {
	"BusName",
	"ExitType",
	"FileDescriptorStoreMax",
	"FileDescriptorStorePreserve",
	"GuessMainPID",
	"NonBlocking",
	"NotifyAccess",
	"OOMPolicy",
	"PIDFile",
	"ReloadSignal",
	"RemainAfterExit",
	"Restart",
	"RestartKillSignal",
	"RestartMaxDelaySec",
	"RestartMode",
	"RestartSec",
	"RestartSteps",
	"RootDirectoryStartOnly",
	"RuntimeMaxSec",
	"RuntimeRandomizedExtraSec",
	"TimeoutAbortSec",
	"TimeoutSec",
	"TimeoutStartFailureMode",
	"TimeoutStartSec",
	"TimeoutStopFailureMode",
	"TimeoutStopSec",
	"Type",
	"USBFunctionDescriptors",
	"USBFunctionStrings",
	"WatchdogSec",
};

static const char *const of_socket[] = {
	"Accept",
	"AcceptFileDescriptors",
	"Backlog",
	"BindIPv6Only",
	"BindToDevice",
	"Broadcast",
	"DeferAcceptSec",
	"DeferTrigger",
	"DirectoryMode",
	"FileDescriptorName",
	"FlushPending",
	"FreeBind",
	"IPTOS",
	"IPTTL",
	"KeepAlive",
	"KeepAliveIntervalSec",
	"KeepAliveProbes",
	"KeepAliveTimeSec",
	"Mark",
	"MaxConnections",
	"MaxConnectionsPerSource",
	"MessageQueueMaxMessages",
	"MessageQueueMessageSize",
	"NoDelay",
	"PassCredentials",
	"PassFileDescriptorsToExec",
	"PassPacketInfo",
	"PassPIDFD",
	"PassSecurity",
	"PipeSize",
	"PollLimitBurst",
	"PollLimitIntervalSec",
	"Priority",
	"ReceiveBuffer",
	"RemoveOnStop",
	"ReusePort",
	"SELinuxContextFromNet",
	"SendBuffer",
	"Service",
	"SmackLabel",
	"SmackLabelIPIn",
	"SmackLabelIPOut",
	"SocketGroup",
	"SocketMode",
	"SocketProtocol",
	"SocketUser",
	"TCPCongestion",
	"TimeoutSec",
	"Timestamping",
	"Transparent",
	"TriggerLimitBurst",
	"TriggerLimitIntervalSec",
	"Writable",
};

/* systemd.exec(5), systemd.kill(5), systemd.resource-control(5): services and sockets */
static const char *const of_exec[] = {
	"AllowedCPUs",
	"AllowedMemoryNodes",
	"AppArmorProfile",
	"BlockIOAccounting",
	"BlockIOWeight",
	"CPUAccounting",
	"CPUQuota",
	"CPUQuotaPeriodSec",
	"CPUSchedulingPolicy",
	"CPUSchedulingPriority",
	"CPUSchedulingResetOnFork",
	"CPUShares",
	"CPUWeight",
	"CacheDirectory",
	"CacheDirectoryMode",
	"ConfigurationDirectory",
	"ConfigurationDirectoryMode",
	"CoredumpFilter",
	"CoredumpReceive",
	"DefaultMemoryLow",
	"DefaultMemoryMin",
	"Delegate",
	"DelegateSubgroup",
	"DevicePolicy",
	"DisableControllers",
	"DynamicUser",
	"ExecSearchPath",
	"FinalKillSignal",
	"Group",
	"IOAccounting",
	"IOSchedulingClass",
	"IOSchedulingPriority",
	"IOWeight",
	"IPAccounting",
	"IPCNamespacePath",
	"IgnoreSIGPIPE",
	"KeyringMode",
	"KillMode",
	"KillSignal",
	"LimitAS",
	"LimitCORE",
	"LimitCPU",
	"LimitDATA",
	"LimitFSIZE",
	"LimitLOCKS",
	"LimitMEMLOCK",
	"LimitMSGQUEUE",
	"LimitNICE",
	"LimitNOFILE",
	"LimitNPROC",
	"LimitRSS",
	"LimitRTPRIO",
	"LimitRTTIME",
	"LimitSIGPENDING",
	"LimitSTACK",
	"LockPersonality",
	"LogLevelMax",
	"LogNamespace",
	"LogRateLimitBurst",
	"LogRateLimitIntervalSec",
	"LogsDirectory",
	"LogsDirectoryMode",
	"ManagedOOMMemoryPressure",
	"ManagedOOMMemoryPressureLimit",
	"ManagedOOMPreference",
	"ManagedOOMSwap",
	"MemoryAccounting",
	"MemoryDenyWriteExecute",
	"MemoryHigh",
	"MemoryKSM",
	"MemoryLimit",
	"MemoryLow",
	"MemoryMax",
	"MemoryMin",
	"MemoryPressureThresholdSec",
	"MemoryPressureWatch",
	"MemorySwapMax",
	"MemoryZSwapMax",
	"MemoryZSwapWriteback",
	"MountAPIVFS",
	"MountFlags",
	"NUMAMask",
	"NUMAPolicy",
	"NetworkNamespacePath",
	"Nice",
	"NoNewPrivileges",
	"OOMScoreAdjust",
	"PAMName",
	"Personality",
	"PrivateDevices",
	"PrivateIPC",
	"PrivateMounts",
	"PrivateNetwork",
	"PrivatePIDs",
	"PrivateTmp",
	"PrivateUsers",
	"ProcSubset",
	"ProtectClock",
	"ProtectControlGroups",
	"ProtectHome",
	"ProtectHostname",
	"ProtectKernelLogs",
	"ProtectKernelModules",
	"ProtectKernelTunables",
	"ProtectProc",
	"ProtectSystem",
	"RemoveIPC",
	"RestrictNamespaces",
	"RestrictRealtime",
	"RestrictSUIDSGID",
	"RootDirectory",
	"RootEphemeral",
	"RootHash",
	"RootHashSignature",
	"RootImage",
	"RootImageOptions",
	"RootImagePolicy",
	"RootVerity",
	"RuntimeDirectory",
	"RuntimeDirectoryMode",
	"RuntimeDirectoryPreserve",
	"SELinuxContext",
	"SecureBits",
	"SendSIGHUP",
	"SendSIGKILL",
	"SetLoginEnvironment",
	"Slice",
	"SmackProcessLabel",
	"StandardError",
	"StandardInput",
	"StandardInputData",
	"StandardInputText",
	"StandardOutput",
	"StartupAllowedCPUs",
	"StartupAllowedMemoryNodes",
	"StartupCPUShares",
	"StartupCPUWeight",
	"StartupIOWeight",
	"StartupMemoryHigh",
	"StartupMemoryLow",
	"StartupMemoryMax",
	"StartupMemorySwapMax",
	"StartupMemoryZSwapMax",
	"StateDirectory",
	"StateDirectoryMode",
	"SyslogFacility",
	"SyslogIdentifier",
	"SyslogLevel",
	"SyslogLevelPrefix",
	"SystemCallErrorNumber",
	"TTYColumns",
	"TTYPath",
	"TTYReset",
	"TTYRows",
	"TTYVHangup",
	"TTYVTDisallocate",
	"TasksAccounting",
	"TasksMax",
	"TimerSlackNSec",
	"UMask",
	"User",
	"UtmpIdentifier",
	"UtmpMode",
	"WatchdogSignal",
	"WorkingDirectory",
};

static bool in(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool is_list(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (fnmatch(lists[i], name, 0) == 0)
			return true;
	}
	return false;
}

bool hf_section_accept(const char *unit, const hf_node *key, hf_diags *diags)
{
	const char *type = hf_unit_name_type(unit);
	const char *names[3] = { "Unit" };
	const char *near;
	size_t n = 1;

	if (!strcmp(type, ".service")) {
		names[n++] = "Service";
		names[n++] = "exec_start";
	} else if (!strcmp(type, ".socket")) {
		names[n++] = "Socket";
	}
	if (in(key->text, names, n))
		return true;
	near = hf_nearest(key->text, names, n);
	if (!strcmp(key->text, "Install"))
		hf_diag_error(diags, key->mark, "[Install] has no effect in a drop-in");
	else if (!strcmp(key->text, "exec_start"))
		hf_diag_error(diags, key->mark, "'%s' is no service and has no ExecStart",
			      unit);
	else if (near)
		hf_diag_error(diags, key->mark,
			      "unknown section '%s' of '%s' (did you mean "
			      "'%s'?)",
			      key->text, unit, near);
	else
		hf_diag_error(diags, key->mark,
			      "unknown section '%s' of '%s': it has %s%s%s", key->text,
			      unit, names[0], n > 1 ? ", " : "",
			      n > 2   ? "Service, exec_start"
			      : n > 1 ? names[1]
				      : "");
	return false;
}

static bool is_key(const char *text)
{
	if (!((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z')))
		return false;
	for (; *text; text++) {
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		      (*text >= '0' && *text <= '9') || *text == '-'))
			return false;
	}
	return true;
}

static void warn_unknown(const char *section, const hf_node *key, hf_diags *diags)
{
	const char *near = NULL;

	if (!strncmp(key->text, "X-", 2))
		return; /* systemd leaves these to others */
	if (!strcmp(section, "Unit")) {
		if (in(key->text, of_unit, ARRAY_SIZE(of_unit)))
			return;
		near = hf_nearest(key->text, of_unit, ARRAY_SIZE(of_unit));
	} else {
		bool socket = !strcmp(section, "Socket");
		const char *const *own = socket ? of_socket : of_service;
		size_t n = socket ? ARRAY_SIZE(of_socket) : ARRAY_SIZE(of_service);

		if (in(key->text, own, n) || in(key->text, of_exec, ARRAY_SIZE(of_exec)))
			return;
		near = hf_nearest(key->text, own, n);
		if (!near)
			near = hf_nearest(key->text, of_exec, ARRAY_SIZE(of_exec));
	}
	if (near)
		hf_diag_warning(diags, key->mark,
				"systemd does not know '%s' in [%s] (did you mean '%s'?)",
				key->text, section, near);
	else
		hf_diag_warning(diags, key->mark, "systemd does not know '%s' in [%s]",
				key->text, section);
}

bool hf_setting_refuse(const char *section, const hf_node *key, hf_diags *diags)
{
	if (!is_key(key->text)) {
		hf_diag_error(diags, key->mark, "'%s' is no name of a setting",
			      key->text);
		return true;
	}
	if (!strcmp(key->text, "ExecStart")) {
		hf_diag_add(diags, HF_DIAG_ERROR, key->mark,
			    "exec_start: {set: {--flag: value}, unset: [--other]}",
			    "'ExecStart' is not set as a whole: the vendor's command "
			    "would be "
			    "frozen; name the flags");
		return true;
	}
	if (is_list(key->text)) {
		hf_diag_error(
			diags, key->mark,
			"'%s' is a list: a drop-in adds to what the unit has, so it "
			"cannot be held at one value",
			key->text);
		return true;
	}
	warn_unknown(section, key, diags);
	return false;
}

bool hf_setting_is_live_at_reload(const char *section, const char *key)
{
	static const char *const keys[] = {
		"FinalKillSignal",   "KillMode",	"KillSignal",
		"NotifyAccess",	     "OOMPolicy",	"Restart",
		"RestartKillSignal", "RestartMode",	"RestartSec",
		"SendSIGHUP",	     "SendSIGKILL",	"TimeoutAbortSec",
		"TimeoutSec",	     "TimeoutStartSec", "TimeoutStopFailureMode",
		"TimeoutStopSec"
	};

	return !strcmp(section, "Unit") || in(key, keys, ARRAY_SIZE(keys));
}

int hf_setting_mode(const char *text, mode_t *ret)
{
	return hf_parse_mode(text, ret) < 0 ? -EINVAL : 0;
}
