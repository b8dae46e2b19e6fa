module bartizan/hack/cluster/enforcer

go 1.24
