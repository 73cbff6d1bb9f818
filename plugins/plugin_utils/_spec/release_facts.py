# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs of each minor version take. Written by tools/release_facts.py, which asks them; do not edit.

``ASKED``: by minor version, the release that was asked. ``TABLES``: by kind of name, by the minor versions that have them, the names.
``release_names`` reads it.
"""

from __future__ import annotations

import typing as t

ASKED: t.Mapping[str, str] = {
    "1.35": "1.35.4",
    "1.36": "1.36.3",
    "1.37": "1.37.1",
    "3.6": "3.6.16",
    "3.7": "3.7.2",
}
TABLES: t.Mapping[str, t.Mapping[str, str]] = {
    "API versions known": {
        "1.35 1.36 1.37": """
        admission.k8s.io/v1beta1 apps/v1beta1 apps/v1beta2 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1
        authorization.k8s.io/v1beta1 batch/v1beta1 discovery.k8s.io/v1beta1 events.k8s.io/v1beta1 extensions/v1beta1
        flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 flowcontrol.apiserver.k8s.io/v1beta3
        node.k8s.io/v1beta1 policy/v1beta1 rbac.authorization.k8s.io/v1beta1 storage.k8s.io/v1alpha1
        """,
        "1.35 1.36": """
        scheduling.k8s.io/v1beta1
        """,
        "1.35": """
        autoscaling/v2beta1 autoscaling/v2beta2
        """,
        "1.37": """
        certificates.k8s.io/v1alpha1 networking.k8s.io/v1beta1 storage.k8s.io/v1beta1
        """,
    },
    "API versions served": {
        "1.35 1.36 1.37": """
        admission.k8s.io/v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1
        admissionregistration.k8s.io/v1beta1 apiextensions.k8s.io/v1 apiregistration.k8s.io/v1 apps/v1 authentication.k8s.io/v1
        authorization.k8s.io/v1 autoscaling/v1 autoscaling/v2 batch/v1 certificates.k8s.io/v1 certificates.k8s.io/v1beta1
        coordination.k8s.io/v1 coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1 discovery.k8s.io/v1 events.k8s.io/v1
        flowcontrol.apiserver.k8s.io/v1 imagepolicy.k8s.io/v1alpha1 internal.apiserver.k8s.io/v1alpha1 networking.k8s.io/v1
        node.k8s.io/v1 node.k8s.io/v1alpha1 policy/v1 rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1alpha1
        resource.k8s.io/v1 resource.k8s.io/v1alpha3 resource.k8s.io/v1beta1 resource.k8s.io/v1beta2 scheduling.k8s.io/v1
        storage.k8s.io/v1 storagemigration.k8s.io/v1beta1 v1
        """,
        "1.35 1.36": """
        certificates.k8s.io/v1alpha1 networking.k8s.io/v1beta1 storage.k8s.io/v1beta1
        """,
        "1.35": """
        scheduling.k8s.io/v1alpha1
        """,
        "1.36": """
        scheduling.k8s.io/v1alpha2
        """,
        "1.37": """
        lifecycle.k8s.io/v1alpha1 scheduling.k8s.io/v1alpha3 scheduling.k8s.io/v1beta1 storagemigration.k8s.io/v1
        """,
    },
    "admission plugins": {
        "1.35 1.36 1.37": """
        AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning CertificateSubjectRestriction
        ClusterTrustBundleAttest DefaultIngressClass DefaultStorageClass DefaultTolerationSeconds DenyServiceExternalIPs
        EventRateLimit ExtendedResourceToleration ImagePolicyWebhook LimitPodHardAntiAffinityTopology LimitRanger
        MutatingAdmissionPolicy MutatingAdmissionWebhook NamespaceAutoProvision NamespaceExists NamespaceLifecycle
        NodeDeclaredFeatureValidator NodeRestriction OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize
        PodNodeSelector PodSecurity PodTolerationRestriction PodTopologyLabels Priority ResourceQuota RuntimeClass ServiceAccount
        StorageObjectInUseProtection TaintNodesByCondition ValidatingAdmissionPolicy ValidatingAdmissionWebhook
        """,
        "1.36 1.37": """
        PodGroupProtection PodResizeValidator
        """,
        "1.36": """
        JobValidation PodGroupWorkloadExists
        """,
    },
    "fields of kube-proxy": {
        "1.35 1.36 1.37": """
        apiVersion bindAddress bindAddressHardFail clientConnection clusterCIDR configSyncPeriod conntrack detectLocal
        detectLocalMode enableProfiling featureGates healthzBindAddress hostnameOverride iptables ipvs kind logging
        metricsBindAddress mode nftables nodePortAddresses oomScoreAdj portRange showHiddenMetricsForVersion windowsRunAsService
        winkernel
        """,
    },
    "fields of kubelet": {
        "1.35 1.36 1.37": """
        address allowedUnsafeSysctls apiVersion authentication authorization cgroupDriver cgroupRoot cgroupsPerQOS clusterDNS
        clusterDomain configMapAndSecretChangeDetectionStrategy containerLogMaxFiles containerLogMaxSize containerLogMaxWorkers
        containerLogMonitorInterval containerRuntimeEndpoint contentType cpuCFSQuota cpuCFSQuotaPeriod cpuManagerPolicy
        cpuManagerPolicyOptions cpuManagerReconcilePeriod crashLoopBackOff enableContentionProfiling enableControllerAttachDetach
        enableDebugFlagsHandler enableDebuggingHandlers enableProfilingHandler enableServer enableSystemLogHandler
        enableSystemLogQuery enforceNodeAllocatable eventBurst eventRecordQPS evictionHard evictionMaxPodGracePeriod
        evictionMinimumReclaim evictionPressureTransitionPeriod evictionSoft evictionSoftGracePeriod failCgroupV1 failSwapOn
        featureGates fileCheckFrequency hairpinMode healthzBindAddress healthzPort httpCheckFrequency imageGCHighThresholdPercent
        imageGCLowThresholdPercent imageMaximumGCAge imageMinimumGCAge imagePullCredentialsVerificationPolicy imageServiceEndpoint
        iptablesDropBit iptablesMasqueradeBit kernelMemcgNotification kind kubeAPIBurst kubeAPIQPS kubeReserved kubeReservedCgroup
        kubeletCgroups localStorageCapacityIsolation logging makeIPTablesUtilChains maxOpenFiles maxParallelImagePulls maxPods
        memoryManagerPolicy memorySwap memoryThrottlingFactor mergeDefaultEvictionSettings nodeLeaseDurationSeconds
        nodeStatusMaxImages nodeStatusReportFrequency nodeStatusUpdateFrequency oomScoreAdj podCIDR podLogsDir podPidsLimit
        podsPerCore port preloadedImagesVerificationAllowlist protectKernelDefaults providerID qosReserved readOnlyPort registerNode
        registerWithTaints registryBurst registryPullQPS reservedMemory reservedSystemCPUs resolvConf rotateCertificates runOnce
        runtimeRequestTimeout seccompDefault serializeImagePulls serverTLSBootstrap showHiddenMetricsForVersion shutdownGracePeriod
        shutdownGracePeriodByPodPriority shutdownGracePeriodCriticalPods singleProcessOOMKill staticPodPath staticPodURL
        staticPodURLHeader streamingConnectionIdleTimeout syncFrequency systemCgroups systemReserved systemReservedCgroup
        tlsCertFile tlsCipherSuites tlsMinVersion tlsPrivateKeyFile topologyManagerPolicy topologyManagerPolicyOptions
        topologyManagerScope tracing userNamespaces volumePluginDir volumeStatsAggPeriod
        """,
        "1.36 1.37": """
        memoryReservationPolicy tlsCurvePreferences
        """,
        "1.37": """
        defaultPodSysctls
        """,
    },
    "flags of etcd": {
        "3.6 3.7": """
        advertise-client-urls auth-token auth-token-ttl auto-compaction-mode auto-compaction-retention auto-tls
        backend-batch-interval backend-batch-limit backend-bbolt-freelist-type bcrypt-cost bootstrap-defrag-threshold-megabytes
        cert-file cipher-suites client-cert-allowed-hostname client-cert-auth client-cert-file client-crl-file client-key-file
        compact-hash-check-time compaction-batch-limit compaction-sleep-interval corrupt-check-time cors data-dir discovery-cacert
        discovery-cert discovery-dial-timeout discovery-endpoints discovery-fallback discovery-insecure-skip-tls-verify
        discovery-insecure-transport discovery-keepalive-time discovery-keepalive-timeout discovery-key discovery-password
        discovery-request-timeout discovery-srv discovery-srv-name discovery-token discovery-user distributed-tracing-address
        distributed-tracing-instance-id distributed-tracing-sampling-rate distributed-tracing-service-name downgrade-check-time
        election-timeout enable-distributed-tracing enable-grpc-gateway enable-log-rotation enable-pprof feature-gates
        force-new-cluster grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout heartbeat-interval host-whitelist
        initial-advertise-peer-urls initial-cluster initial-cluster-state initial-cluster-token initial-election-tick-advance
        key-file listen-client-http-urls listen-client-urls listen-metrics-urls listen-peer-urls log-format log-level log-outputs
        log-rotation-config-json logger max-concurrent-streams max-learners max-request-bytes max-snapshots max-txn-ops max-wals
        memory-mlock metrics name peer-auto-tls peer-cert-allowed-cn peer-cert-allowed-hostname peer-cert-file peer-client-cert-auth
        peer-client-cert-file peer-client-key-file peer-crl-file peer-key-file peer-skip-client-san-verification
        peer-trusted-ca-file pre-vote quota-backend-bytes raft-read-timeout raft-write-timeout self-signed-cert-validity
        snapshot-catchup-entries snapshot-count socket-reuse-address socket-reuse-port strict-reconfig-check tls-max-version
        tls-min-version trusted-ca-file unsafe-no-fsync v2-deprecation wal-dir warning-apply-duration warning-unary-request-duration
        watch-progress-notify-interval
        """,
        "3.6": """
        discovery discovery-proxy experimental-bootstrap-defrag-threshold-megabytes experimental-compact-hash-check-enabled
        experimental-compact-hash-check-time experimental-compaction-batch-limit experimental-compaction-sleep-interval
        experimental-corrupt-check-time experimental-distributed-tracing-address experimental-distributed-tracing-instance-id
        experimental-distributed-tracing-sampling-rate experimental-distributed-tracing-service-name
        experimental-downgrade-check-time experimental-enable-distributed-tracing experimental-enable-lease-checkpoint
        experimental-enable-lease-checkpoint-persist experimental-initial-corrupt-check experimental-memory-mlock
        experimental-peer-skip-client-san-verification experimental-snapshot-catchup-entries
        experimental-stop-grpc-service-on-defrag experimental-txn-mode-write-with-shared-buffer experimental-warning-apply-duration
        experimental-warning-unary-request-duration experimental-watch-progress-notify-interval
        """,
    },
    "flags of kube-apiserver": {
        "1.35 1.36 1.37": """
        admission-control admission-control-config-file advertise-address aggregator-reject-forwarding-redirect allow-metric-labels
        allow-metric-labels-manifest allow-privileged anonymous-auth api-audiences apiserver-count audit-log-batch-buffer-size
        audit-log-batch-max-size audit-log-batch-max-wait audit-log-batch-throttle-burst audit-log-batch-throttle-enable
        audit-log-batch-throttle-qps audit-log-compress audit-log-format audit-log-maxage audit-log-maxbackup audit-log-maxsize
        audit-log-mode audit-log-path audit-log-truncate-enabled audit-log-truncate-max-batch-size audit-log-truncate-max-event-size
        audit-log-version audit-policy-file audit-webhook-batch-buffer-size audit-webhook-batch-initial-backoff
        audit-webhook-batch-max-size audit-webhook-batch-max-wait audit-webhook-batch-throttle-burst
        audit-webhook-batch-throttle-enable audit-webhook-batch-throttle-qps audit-webhook-config-file audit-webhook-initial-backoff
        audit-webhook-mode audit-webhook-truncate-enabled audit-webhook-truncate-max-batch-size
        audit-webhook-truncate-max-event-size audit-webhook-version authentication-config authentication-token-webhook-cache-ttl
        authentication-token-webhook-config-file authentication-token-webhook-version authorization-config authorization-mode
        authorization-policy-file authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
        authorization-webhook-config-file authorization-webhook-version bind-address cert-dir client-ca-file contention-profiling
        coordinated-leadership-lease-duration coordinated-leadership-renew-deadline coordinated-leadership-retry-period
        cors-allowed-origins debug-socket-path default-not-ready-toleration-seconds default-unreachable-toleration-seconds
        default-watch-cache-size delete-collection-workers disable-admission-plugins disable-http2-serving disabled-metrics
        egress-selector-config-file emulated-version emulation-forward-compatible enable-admission-plugins enable-aggregator-routing
        enable-bootstrap-token-auth enable-garbage-collector enable-logs-handler enable-priority-and-fairness
        encryption-provider-config encryption-provider-config-automatic-reload endpoint-reconciler-type etcd-cafile etcd-certfile
        etcd-compaction-interval etcd-count-metric-poll-period etcd-db-metric-poll-interval etcd-healthcheck-timeout etcd-keyfile
        etcd-prefix etcd-readycheck-timeout etcd-servers etcd-servers-overrides event-ttl external-hostname feature-gates
        goaway-chance http2-max-streams-per-connection kubelet-certificate-authority kubelet-client-certificate kubelet-client-key
        kubelet-port kubelet-preferred-address-types kubelet-read-only-port kubelet-timeout kubernetes-service-node-port
        lease-reuse-duration-seconds livez-grace-period log-flush-frequency log-json-info-buffer-size log-json-split-stream
        log-text-info-buffer-size log-text-split-stream logging-format max-connection-bytes-per-sec max-mutating-requests-inflight
        max-requests-inflight min-compatibility-version min-request-timeout oidc-ca-file oidc-client-id oidc-groups-claim
        oidc-groups-prefix oidc-issuer-url oidc-required-claim oidc-signing-algs oidc-username-claim oidc-username-prefix
        peer-advertise-ip peer-advertise-port peer-ca-file permit-address-sharing permit-port-sharing profiling
        proxy-client-cert-file proxy-client-key-file request-timeout requestheader-allowed-names requestheader-client-ca-file
        requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers requestheader-username-headers
        runtime-config runtime-config-emulation-forward-compatible secure-port service-account-extend-token-expiration
        service-account-issuer service-account-jwks-uri service-account-key-file service-account-lookup
        service-account-max-token-expiration service-account-signing-endpoint service-account-signing-key-file
        service-cluster-ip-range service-node-port-range show-hidden-metrics-for-version shutdown-delay-duration
        shutdown-send-retry-after shutdown-watch-termination-grace-period storage-backend storage-initialization-timeout
        storage-media-type strict-transport-security-directives tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file
        tls-sni-cert-key token-auth-file tracing-config-file v vmodule watch-cache watch-cache-sizes
        """,
        "1.36 1.37": """
        tls-curve-preferences
        """,
    },
    "flags of kube-controller-manager": {
        "1.35 1.36 1.37": """
        allocate-node-cidrs allow-metric-labels allow-metric-labels-manifest allow-untagged-cloud
        attach-detach-reconcile-sync-period authentication-kubeconfig authentication-skip-lookup
        authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure authorization-always-allow-paths
        authorization-kubeconfig authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
        bind-address cert-dir cidr-allocator-type client-ca-file cloud-config cloud-provider cluster-cidr cluster-name
        cluster-signing-cert-file cluster-signing-duration cluster-signing-key-file cluster-signing-kube-apiserver-client-cert-file
        cluster-signing-kube-apiserver-client-key-file cluster-signing-kubelet-client-cert-file
        cluster-signing-kubelet-client-key-file cluster-signing-kubelet-serving-cert-file cluster-signing-kubelet-serving-key-file
        cluster-signing-legacy-unknown-cert-file cluster-signing-legacy-unknown-key-file concurrent-cron-job-syncs
        concurrent-daemonset-syncs concurrent-deployment-syncs concurrent-device-taint-eviction-syncs concurrent-endpoint-syncs
        concurrent-ephemeralvolume-syncs concurrent-gc-syncs concurrent-horizontal-pod-autoscaler-syncs concurrent-job-syncs
        concurrent-namespace-syncs concurrent-rc-syncs concurrent-replicaset-syncs concurrent-resource-quota-syncs
        concurrent-service-endpoint-syncs concurrent-serviceaccount-token-syncs concurrent-statefulset-syncs
        concurrent-ttl-after-finished-syncs concurrent-validating-admission-policy-status-syncs configure-cloud-routes
        contention-profiling controller-shutdown-timeout controller-start-interval controllers disable-attach-detach-reconcile-sync
        disable-force-detach-on-timeout disable-http2-serving disabled-metrics emulated-version enable-dynamic-provisioning
        enable-garbage-collector enable-hostpath-provisioner enable-leader-migration endpoint-updates-batch-period
        endpointslice-updates-batch-period external-cloud-volume-plugin feature-gates flex-volume-plugin-dir
        horizontal-pod-autoscaler-cpu-initialization-period horizontal-pod-autoscaler-downscale-stabilization
        horizontal-pod-autoscaler-initial-readiness-delay horizontal-pod-autoscaler-sync-period horizontal-pod-autoscaler-tolerance
        http2-max-streams-per-connection kube-api-burst kube-api-content-type kube-api-qps kubeconfig large-cluster-size-threshold
        leader-elect leader-elect-lease-duration leader-elect-renew-deadline leader-elect-resource-lock leader-elect-resource-name
        leader-elect-resource-namespace leader-elect-retry-period leader-migration-config
        legacy-service-account-token-clean-up-period log-flush-frequency log-json-info-buffer-size log-json-split-stream
        log-text-info-buffer-size log-text-split-stream logging-format master max-endpoints-per-slice min-compatibility-version
        min-resync-period mirroring-concurrent-service-endpoint-syncs mirroring-endpointslice-updates-batch-period
        mirroring-max-endpoints-per-subset namespace-sync-period node-cidr-mask-size node-cidr-mask-size-ipv4
        node-cidr-mask-size-ipv6 node-eviction-rate node-monitor-grace-period node-monitor-period node-startup-grace-period
        node-sync-period permit-address-sharing permit-port-sharing profiling pv-recycler-increment-timeout-nfs
        pv-recycler-minimum-timeout-hostpath pv-recycler-minimum-timeout-nfs pv-recycler-pod-template-filepath-hostpath
        pv-recycler-pod-template-filepath-nfs pv-recycler-timeout-increment-hostpath pvclaimbinder-sync-period
        requestheader-allowed-names requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers
        requestheader-uid-headers requestheader-username-headers resource-quota-sync-period root-ca-file route-reconciliation-period
        secondary-node-eviction-rate secure-port service-account-private-key-file service-cluster-ip-range
        show-hidden-metrics-for-version terminated-pod-gc-threshold tls-cert-file tls-cipher-suites tls-min-version
        tls-private-key-file tls-sni-cert-key unhealthy-zone-threshold use-service-account-credentials v vmodule
        """,
        "1.35 1.36": """
        concurrent-service-syncs
        """,
        "1.36 1.37": """
        concurrent-resourceclaim-syncs tls-curve-preferences
        """,
        "1.37": """
        concurrent-disruption-syncs
        """,
    },
    "flags of kube-proxy": {
        "1.35 1.36 1.37": """
        bind-address bind-address-hard-fail cleanup cluster-cidr config config-sync-period conntrack-max-per-core conntrack-min
        conntrack-tcp-be-liberal conntrack-tcp-timeout-close-wait conntrack-tcp-timeout-established conntrack-udp-timeout
        conntrack-udp-timeout-stream detect-local-mode feature-gates healthz-bind-address healthz-port hostname-override init-only
        iptables-localhost-nodeports iptables-masquerade-bit iptables-min-sync-period iptables-sync-period ipvs-exclude-cidrs
        ipvs-min-sync-period ipvs-scheduler ipvs-strict-arp ipvs-sync-period ipvs-tcp-timeout ipvs-tcpfin-timeout ipvs-udp-timeout
        kube-api-burst kube-api-content-type kube-api-qps kubeconfig log-flush-frequency log-json-info-buffer-size
        log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format masquerade-all master
        metrics-bind-address metrics-port nodeport-addresses oom-score-adj pod-bridge-interface pod-interface-name-prefix profiling
        proxy-mode show-hidden-metrics-for-version v vmodule write-config-to
        """,
        "1.35 1.36": """
        boot-id-file machine-id-file
        """,
    },
    "flags of kube-scheduler": {
        "1.35 1.36 1.37": """
        allow-metric-labels allow-metric-labels-manifest authentication-kubeconfig authentication-skip-lookup
        authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure authorization-always-allow-paths
        authorization-kubeconfig authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
        bind-address cert-dir client-ca-file config contention-profiling disable-http2-serving disabled-metrics emulated-version
        feature-gates http2-max-streams-per-connection kube-api-burst kube-api-content-type kube-api-qps kubeconfig leader-elect
        leader-elect-lease-duration leader-elect-renew-deadline leader-elect-resource-lock leader-elect-resource-name
        leader-elect-resource-namespace leader-elect-retry-period log-flush-frequency log-json-info-buffer-size
        log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format master min-compatibility-version
        permit-address-sharing permit-port-sharing pod-max-in-unschedulable-pods-duration profiling requestheader-allowed-names
        requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers
        requestheader-username-headers secure-port show-hidden-metrics-for-version tls-cert-file tls-cipher-suites tls-min-version
        tls-private-key-file tls-sni-cert-key v vmodule write-config-to
        """,
        "1.36 1.37": """
        tls-curve-preferences
        """,
    },
    "flags of kubelet": {
        "1.35 1.36 1.37": """
        address allowed-unsafe-sysctls anonymous-auth authentication-token-webhook authentication-token-webhook-cache-ttl
        authorization-mode authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
        bootstrap-kubeconfig cert-dir cgroup-driver cgroup-root cgroups-per-qos client-ca-file cloud-provider cluster-dns
        cluster-domain config config-dir container-log-max-files container-log-max-size container-runtime-endpoint
        contention-profiling cpu-cfs-quota cpu-cfs-quota-period cpu-manager-policy cpu-manager-policy-options
        cpu-manager-reconcile-period enable-controller-attach-detach enable-debugging-handlers enable-server
        enforce-node-allocatable event-burst event-qps eviction-hard eviction-max-pod-grace-period eviction-minimum-reclaim
        eviction-pressure-transition-period eviction-soft eviction-soft-grace-period exit-on-lock-contention
        experimental-allocatable-ignore-eviction experimental-mounter-path fail-cgroupv1 fail-swap-on feature-gates
        file-check-frequency hairpin-mode healthz-bind-address healthz-port hostname-override housekeeping-interval
        http-check-frequency image-credential-provider-bin-dir image-credential-provider-config image-gc-high-threshold
        image-gc-low-threshold image-service-endpoint kernel-memcg-notification kube-api-burst kube-api-content-type kube-api-qps
        kube-reserved kube-reserved-cgroup kubeconfig kubelet-cgroups local-storage-capacity-isolation lock-file log-flush-frequency
        log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format
        make-iptables-util-chains manifest-url manifest-url-header max-open-files max-pods maximum-dead-containers
        maximum-dead-containers-per-container memory-manager-policy minimum-container-ttl-duration minimum-image-ttl-duration
        node-ip node-labels node-status-max-images node-status-update-frequency oom-score-adj pod-cidr pod-manifest-path
        pod-max-pids pods-per-core port protect-kernel-defaults provider-id qos-reserved read-only-port register-node
        register-with-taints registry-burst registry-qps reserved-cpus reserved-memory resolv-conf root-dir rotate-certificates
        rotate-server-certificates runonce runtime-cgroups runtime-request-timeout seccomp-default serialize-image-pulls
        streaming-connection-idle-timeout sync-frequency system-cgroups system-reserved system-reserved-cgroup tls-cert-file
        tls-cipher-suites tls-min-version tls-private-key-file topology-manager-policy topology-manager-policy-options
        topology-manager-scope v vmodule volume-plugin-dir volume-stats-agg-period
        """,
        "1.35 1.36": """
        application-metrics-count-limit boot-id-file container-hints containerd containerd-namespace enable-load-reader
        event-storage-age-limit event-storage-event-limit global-housekeeping-interval log-cadvisor-usage machine-id-file
        storage-driver-buffer-duration storage-driver-db storage-driver-host storage-driver-password storage-driver-secure
        storage-driver-table storage-driver-user
        """,
    },
    "gates of Kubernetes": {
        "1.35 1.36 1.37": """
        APIResponseCompression APIServerIdentity APIServingWithRoutine AggregatedDiscoveryRemoveBetaType AllAlpha AllBeta
        AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests AllowOverwriteTerminationGracePeriodSeconds
        AllowParsingUserUIDFromCertAuth AllowUnsafeMalformedObjectDeletion AuthorizePodWebsocketUpgradeCreatePermission
        CBORServingAndStorage CPUManagerPolicyAlphaOptions CPUManagerPolicyBetaOptions CPUManagerPolicyOptions
        CRDObservedGenerationTracking CRDValidationRatcheting CSIServiceAccountTokenSecrets CSIVolumeHealth
        ChangeContainerStatusOnKubeletRestart ClearingNominatedNodeNameAfterBinding ClientsAllowCBOR ClientsPreferCBOR
        CloudControllerManagerWatchBasedRoutesReconciliation CloudControllerManagerWebhook ClusterTrustBundle
        ClusterTrustBundleProjection ComponentFlagz ComponentStatusz ConcurrentWatchObjectDecode ConstrainedImpersonation
        ContainerCheckpoint ContainerRestartRules ContainerStopSignals ContextualLogging CoordinatedLeaderElection
        CrossNamespaceVolumeDataSource CustomCPUCFSQuotaPeriod CustomResourceFieldSelectors DRAAdminAccess DRAConsumableCapacity
        DRADeviceBindingConditions DRADeviceTaintRules DRADeviceTaints DRAExtendedResource DRAPartitionableDevices
        DRAPrioritizedList DRAResourceClaimDeviceStatus DRASchedulerFilterTimeout DeclarativeValidation
        DeclarativeValidationTakeover DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency DisableAllocatorDualWrite
        DisableCPUQuotaWithExclusiveCPUs DisableNodeKubeProxyVersion DynamicResourceAllocation EnvFiles EventedPLEG ExecProbeTimeout
        ExternalServiceAccountTokenSigner GenericWorkload GitRepoVolumeDriver GracefulNodeShutdown
        GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance HPAScaleToZero HostnameOverride ImageMaximumGCAge
        ImageVolume InOrderInformers InOrderInformersBatchProcess InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScaling
        InPlacePodVerticalScalingExclusiveCPUs InPlacePodVerticalScalingExclusiveMemory InformerResourceVersion JobManagedBy KMSv1
        KubeletCgroupDriverFromCRI KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages KubeletFineGrainedAuthz
        KubeletInUserNamespace KubeletPSI KubeletPodResourcesDynamicResources KubeletPodResourcesGet
        KubeletPodResourcesListUseActivePods KubeletRegistrationGetOnExistsOnly KubeletSeparateDiskGC
        KubeletServiceAccountTokenForCredentialProviders KubeletTracing ListFromCacheSnapshot
        LocalStorageCapacityIsolationFSQuotaMonitoring LoggingAlphaOptions LoggingBetaOptions MatchLabelKeysInPodAffinity
        MatchLabelKeysInPodTopologySpread MatchLabelKeysInPodTopologySpreadSelectorMerge MaxUnavailableStatefulSet MemoryQoS
        MultiCIDRServiceAllocator MutableCSINodeAllocatableCount MutablePVNodeAffinity MutablePodResourcesForSuspendedJobs
        MutableSchedulingDirectivesForSuspendedJobs MutatingAdmissionPolicy NFTablesProxyMode NodeDeclaredFeatures
        NodeInclusionPolicyInPodTopologySpread NodeLogQuery NodeSwap NominatedNodeNameForExpectation OpenAPIEnums
        OpportunisticBatching PodAndContainerStatsFromCRI PodCertificateRequest PodDeletionCost PodLevelResources
        PodLogsQuerySplitStreams PodObservedGenerationTracking PodReadyToStartContainersCondition PodSchedulingReadiness
        PodTopologyLabelsAdmission PortForwardWebsockets PreferSameTrafficDistribution ProcMountType QOSReserved
        RecoverVolumeExpansionFailure RecursiveReadOnlyMounts ReduceDefaultCrashLoopBackOffDecay
        RelaxedEnvironmentVariableValidation RelaxedServiceNameValidation ReloadKubeletServerCertificateFile RemoteRequestHeaderUID
        ResourceHealthStatus RestartAllContainersOnContainerExits RotateKubeletServerCertificate RuntimeClassInImageCriApi
        SELinuxChangePolicy SELinuxMount SELinuxMountReadWriteOncePod SchedulerAsyncAPICalls SchedulerAsyncPreemption
        SchedulerPopFromBackoffQ SeparateCacheWatchRPC SeparateTaintEvictionController ServiceAccountNodeAudienceRestriction
        ServiceAccountTokenJTI ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation
        ServiceAccountTokenPodNodeInfo SizeBasedListCostEstimate StatefulSetSemanticRevisionComparison StorageCapacityScoring
        StorageNamespaceIndex StorageVersionAPI StorageVersionHash StorageVersionMigrator StrictIPCIDRValidation
        StructuredAuthenticationConfigurationEgressSelector StructuredAuthenticationConfigurationJWKSMetrics
        SupplementalGroupsPolicy SystemdWatchdog TaintTolerationComparisonOperators TokenRequestServiceAccountUIDValidation
        TopologyManagerPolicyAlphaOptions TopologyManagerPolicyBetaOptions TopologyManagerPolicyOptions
        TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation UnknownVersionInteroperabilityProxy
        UserNamespacesHostNetworkSupport UserNamespacesSupport VolumeAttributesClass VolumeLimitScaling
        WatchCacheInitializationPostStartHook WatchList WatchListClient WinDSR WinOverlay WindowsCPUAndMemoryAffinity
        WindowsGracefulNodeShutdown WindowsHostNetwork
        """,
        "1.35 1.36": """
        APIServerTracing AnonymousAuthConfigurableEndpoints AnyVolumeDataSource AuthorizeNodeWithSelectors AuthorizeWithSelectors
        BtreeWatchCache ConsistentListFromCache GangScheduling JobBackoffLimitPerIndex JobPodReplacementPolicy JobSuccessPolicy
        LogarithmicScaleDown OrderedNamespaceDeletion PodLifecycleSleepAction PodLifecycleSleepActionAllowZero
        PreventStaticPodAPIReferences RelaxedDNSSearchValidation ResilientWatchCacheInitialization RetryGenerateName
        SchedulerQueueingHints SidecarContainers StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf
        StructuredAuthenticationConfiguration
        """,
        "1.36 1.37": """
        AllowServiceExternalIPs AtomicFIFO CRIListStreaming ClientsAllowCARotation ClientsAllowTLSCacheGC
        ControllerManagerReleaseLeaderElectionLockOnExit DRAListTypeAttributes DRANodeAllocatableResources
        DRAResourceClaimGranularStatusAuthorization DRAResourcePoolStatus DRAWorkloadResourceClaims DeclarativeValidationBeta
        ExtendWebSocketsToKubelet ImageVolumeWithDigest InPlacePodVerticalScalingInitContainers ManifestBasedAdmissionControlConfig
        NativeHistograms PLEGOnDemandRelist PersistentVolumeClaimUnusedSinceTime PodLevelResourceManagers PodsAPI
        ReloadKubeletClientCAFile ResourceHealthStatusMessage ServiceCIDRStatusFieldWiping ShardedListAndWatch
        StaleControllerConsistencyDaemonSet StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet
        StaleControllerConsistencyStatefulSet TopologyAwareWorkloadScheduling UnlockWhileProcessingFIFO WorkloadWithJob
        """,
        "1.35": """
        CSIMigrationPortworx HonorPVReclaimPolicy InPlacePodVerticalScalingAllocatedStatus InTreePluginPortworxUnregister
        MemoryManager ServiceTrafficDistribution StructuredAuthorizationConfiguration TopologyAwareHints
        WatchFromStorageWithoutResourceVersion
        """,
        "1.36": """
        WorkloadAwarePreemption
        """,
        "1.37": """
        APIServerWebhookAuthenticationToken AtomicWriteVolumeUserFields CompositePodGroup ConsistentListFromCacheSkipTimeoutFallback
        DRADerivedAttributes DRADeviceCompatibilityGroups DRAFractionalCapacityRange DRAOptionalNodeOperations
        DRAPartitionableDevicesType DefaultPodSysctls EmptyDirVolumeMode EtcdRangeStream EvictionRequestAPI
        ExcludeAdmissionWebhookVirtualResources GRPCContainerProbeTLS H2CContainerProbe HPAGeneration HPAOptimizedSelectorStore
        HugepageAwareEviction InPlacePodVerticalScalingMemoryBackedVolumes InPlacePodVerticalScalingSchedulerPreemption
        InterPodAffinityHostnameFastPath KubeProxyIPVS KubeProxyNFTablesLocalhostNodePorts KubeletAllocatedPodsEndpoint
        NFTablesNetlink NodeControllerLeaseCircuitBreaker NodeLifecycleConditions PodGroupPreemptionPolicy
        PodLevelResourcesFixDefaulting PodLevelResourcesFixKubeletQOSClass SchedulerPreQueueingHints StaleControllerConsistencyHPA
        StatefulSetRecreateStrategy VolumeBindMountOptions WatchListCompression WebhookRoundTripLoadBalancing
        """,
    },
    "gates of Kubernetes that are always false": {
        "1.35 1.36 1.37": """
        AllowOverwriteTerminationGracePeriodSeconds
        """,
        "1.36 1.37": """
        GitRepoVolumeDriver SeparateCacheWatchRPC
        """,
        "1.35": """
        WatchFromStorageWithoutResourceVersion
        """,
        "1.37": """
        DeclarativeValidationTakeover
        """,
    },
    "gates of Kubernetes that are always true": {
        "1.35 1.36 1.37": """
        AggregatedDiscoveryRemoveBetaType CPUManagerPolicyOptions CRDValidationRatcheting CustomResourceFieldSelectors
        DisableAllocatorDualWrite DynamicResourceAllocation ExecProbeTimeout ImageMaximumGCAge InPlacePodVerticalScaling
        JobManagedBy KubeletCgroupDriverFromCRI KubeletTracing MatchLabelKeysInPodAffinity MultiCIDRServiceAllocator
        NFTablesProxyMode NodeInclusionPolicyInPodTopologySpread NodeSwap PodObservedGenerationTracking PodSchedulingReadiness
        PreferSameTrafficDistribution RecoverVolumeExpansionFailure RecursiveReadOnlyMounts RelaxedEnvironmentVariableValidation
        SeparateTaintEvictionController ServiceAccountTokenJTI ServiceAccountTokenNodeBinding
        ServiceAccountTokenNodeBindingValidation ServiceAccountTokenPodNodeInfo SupplementalGroupsPolicy SystemdWatchdog WinDSR
        WinOverlay
        """,
        "1.35 1.36": """
        APIServerTracing AnonymousAuthConfigurableEndpoints AnyVolumeDataSource AuthorizeNodeWithSelectors AuthorizeWithSelectors
        BtreeWatchCache ConsistentListFromCache JobBackoffLimitPerIndex JobPodReplacementPolicy JobSuccessPolicy
        LogarithmicScaleDown OrderedNamespaceDeletion PodLifecycleSleepAction PodLifecycleSleepActionAllowZero
        RelaxedDNSSearchValidation ResilientWatchCacheInitialization RetryGenerateName SchedulerQueueingHints SidecarContainers
        StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf StructuredAuthenticationConfiguration
        """,
        "1.36 1.37": """
        CSIServiceAccountTokenSecrets DRAAdminAccess DeclarativeValidation DisableNodeKubeProxyVersion
        ExternalServiceAccountTokenSigner ImageVolume InOrderInformers KubeletFineGrainedAuthz KubeletPSI
        KubeletPodResourcesDynamicResources KubeletPodResourcesGet MutableCSINodeAllocatableCount NodeLogQuery ProcMountType
        SELinuxChangePolicy SELinuxMountReadWriteOncePod TopologyManagerPolicyOptions UserNamespacesSupport VolumeAttributesClass
        """,
        "1.35": """
        CSIMigrationPortworx HonorPVReclaimPolicy MemoryManager ServiceTrafficDistribution StructuredAuthorizationConfiguration
        TopologyAwareHints
        """,
        "1.37": """
        DRAExtendedResource DRAPrioritizedList DRAResourceClaimDeviceStatus DisableCPUQuotaWithExclusiveCPUs
        HPAConfigurableTolerance HostnameOverride InPlacePodVerticalScalingInitContainers NodeDeclaredFeatures PLEGOnDemandRelist
        PodReadyToStartContainersCondition RelaxedServiceNameValidation WatchCacheInitializationPostStartHook
        """,
    },
    "gates of etcd": {
        "3.6 3.7": """
        AllAlpha AllBeta CompactHashCheck InitialCorruptCheck LeaseCheckpoint LeaseCheckpointPersist SetMemberLocalAddr
        StopGRPCServiceOnDefrag TxnModeWriteWithSharedBuffer
        """,
        "3.7": """
        FastLeaseKeepAlive PriorityRequest
        """,
    },
    "gates that kube-scheduler lacks": {
        "1.36 1.37": """
        ControllerManagerReleaseLeaderElectionLockOnExit
        """,
    },
}
